import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { OurSmsModule } from 'nestjs-oursms';
import { DEMO, startApplication } from '../support/application.js';

let server: Server;
const asked: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(String(request.url));
    response.setHeader('content-type', 'application/json').end('{"credits":5,"accepted":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

it.each([
  ['http://HOST/api-a', '/api-a'],
  ['http://HOST/api-a ', '/api-a'],
  ['http://HOST/api-a\n', '/api-a'],
  ['\r\n\thttp://HOST/api-a/\r\n', '/api-a'],
  ['http://HOST/api\n-a', '/api-a'],
  ['http:/HOST/api-a', '/api-a'],
  ['http:\\\\HOST\\api-a', '/api-a'],
  ['HTTP://HOST/a/../api-a//', '/api-a'],
  ['http://HOST', ''],
  ['http://HOST?', ''],
  ['http://HOST/api a/رسائل', '/api%20a/%D8%B1%D8%B3%D8%A7%D8%A6%D9%84'],
])('an application with the baseUrl %j reads credits and sends messages', async (baseUrl, path) => {
  asked.length = 0;
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const account = OurSmsModule.forRoot({ baseUrl: baseUrl.replace('HOST', host), auth: DEMO });
  const application = await startApplication([account]);
  const { sms } = application;
  try {
    const message = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
    for (const hooked of [false, true]) {
      if (hooked) sms.httpService.axiosRef.interceptors.request.use((config) => config);
      expect(await sms.getCredits()).toMatchObject({ credits: 5 });
      expect(await sms.send(message)).toMatchObject({ accepted: 1 });
    }
    const [credits, msgs] = [`${path}/billing/credits?username=demo&password=demo`, `${path}/msgs`];
    expect(asked).toEqual([credits, msgs, credits, msgs]);
  } finally {
    await application.close();
  }
});
