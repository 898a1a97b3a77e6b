import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsGatewayError, OurSmsModule } from 'nestjs-oursms';
import { DlrListener, rejection, startApplication, until, type TestApplication } from '../support/application.js';
import { startDocumentGateway, type DocumentGateway } from '../support/document-gateway.js';

const ALL = {
  src: 'My Brand',
  dests: ['0501234567', '0507654321'],
  body: 'مرحبا + 100% & more',
  priority: 1,
  delay: 0,
  validity: 60,
  maxParts: 2,
  dlr: true,
  prevDups: 5,
  msgClass: 'transactional',
} as const;

let gateway: DocumentGateway;
let application: TestApplication;

const start = async (password = 'pass word'): Promise<TestApplication> => {
  const auth = { username: 'admin', password };
  const account = { baseUrl: gateway.baseUrl, auth, dlr: { poll: { everyMs: 20 } }, storage: 'memory' } as const;
  application = await startApplication([OurSmsModule.forRoot(account)], [DlrListener]);
  return application;
};

beforeEach(async () => void (gateway = await startDocumentGateway()));
afterEach(async () => {
  await application.close();
  await gateway.close();
});

describe('a gateway written from the API document alone', () => {
  it.each(['POST', 'GET'] as const)('understands every parameter of a %s', async (method) => {
    const { sms } = await start();
    expect(await sms.send(ALL, { method })).toMatchObject({
      jobId: '1',
      total: 2,
      accepted: undefined,
      acceptedMsgs: [],
    });
    expect(gateway.sent).toEqual([
      {
        ...{ username: 'admin', password: 'pass word', src: 'My Brand', body: 'مرحبا + 100% & more' },
        ...{ dests: '966501234567,966507654321', priority: '1', delay: '0', validity: '60', maxParts: '2' },
        ...{ dlr: '1', prevDups: '5', msgClass: 'transactional' },
      },
    ]);
  });

  it('has its reports published as events, all of them, once', async () => {
    const { sms, app } = await start();
    for (let i = 0; i < 5; i++) await sms.send({ ...ALL, body: `message ${i}` });
    const { handled } = app.get(DlrListener);
    await until('all reports came', () => handled.length === 10);
    expect(handled.every(({ status }) => status === 'delivered')).toBe(true);
    expect(new Set(handled.map(({ id }) => id)).size).toBe(10);
    expect(gateway.inbox).toEqual([]);
  });

  it('tells the credits', async () => {
    const { sms } = await start();
    expect((await sms.getCredits()).credits).toBe(99.5);
  });

  it('refuses with codes of its own', async () => {
    const { sms } = await start('wrong');
    const error = await rejection(sms.getCredits(), OurSmsGatewayError);
    expect(error).toMatchObject({ httpStatus: 403, code: 'AUTH', description: 'who are you', outcome: 'notSent' });
  });
});
