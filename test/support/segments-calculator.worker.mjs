/** Asks sms-segments-calculator about texts in a thread of its own: it takes 5 µs for each character. */
import { parentPort, workerData } from 'node:worker_threads';
import { SegmentedMessage } from 'sms-segments-calculator';

parentPort.postMessage(
  workerData.map((text) => {
    const message = new SegmentedMessage(text);
    return {
      encoding: message.encodingName,
      units: message.messageSize / (message.encodingName === 'GSM-7' ? 7 : 16),
      parts: message.segments.map((segment) => segment.reduce((length, { raw = '' }) => length + raw.length, 0)),
      clusters: message.graphemes.map((cluster) => cluster.length),
    };
  }),
);
