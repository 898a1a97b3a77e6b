/** A loopback gateway that answers at once: OurSMS's receipt, or Twilio's message on Twilio's path. */
import { createServer } from 'node:http';
import { MESSAGE } from './the-message.mjs';

const receipt = JSON.stringify({
  jobId: '5f0c2b7e-6a3e-4c39-9d7c-1b6f6d1c9d10',
  total: 1,
  accepted: 1,
  rejected: 0,
  duplicates: 0,
  cost: 1,
  acceptedMsgs: [{ msgId: '20011223344', dest: MESSAGE.dest }],
  rejectedMsgs: [],
});
const twilioMessage = JSON.stringify({
  account_sid: 'AC00000000000000000000000000000000',
  api_version: '2010-04-01',
  body: MESSAGE.body,
  date_created: 'Thu, 24 Aug 2023 05:01:45 +0000',
  date_sent: null,
  date_updated: 'Thu, 24 Aug 2023 05:01:45 +0000',
  direction: 'outbound-api',
  error_code: null,
  error_message: null,
  from: MESSAGE.src,
  num_media: '0',
  num_segments: '1',
  price: null,
  price_unit: null,
  messaging_service_sid: null,
  sid: 'SM00000000000000000000000000000000',
  status: 'queued',
  subresource_uris: {},
  to: `+${MESSAGE.dest}`,
  uri: '/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/SM00000000000000000000000000000000.json',
});

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    const twilio = request.url.startsWith('/2010-04-01/');
    const text = twilio ? twilioMessage : receipt;
    response.writeHead(twilio ? 201 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
process.on('disconnect', () => {
  server.close();
  server.closeAllConnections();
});
