import type { OurSmsAuth } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { startDocumentGateway } from './document-gateway.js';
import { startJsonGateway } from './json-gateway.js';

/** A gateway, and an account there, for the contract. */
export interface ContractGateway {
  baseUrl: string;
  auth: OurSmsAuth;
  wrongAuth: OurSmsAuth;
  /** How it refuses wrong credentials. */
  refusal: object;
  credits: number;
  /** The messages that it got, each field as it came. */
  sent(): object[];
  /** The fields of a message as they stand on the wire. */
  onWire(fields: Record<string, string | number | boolean | readonly string[]>): object;
  /** Reports in its inbox. */
  waiting(): number;
  close(): Promise<void>;
}

/** One that speaks the JSON API. */
export interface JsonContractGateway extends ContractGateway {
  /** Carries out the next send, and loses the answer. */
  loseNextAnswer(): void;
  /** Messages that it sent to a number. */
  reached(dest: string): number;
  user: object;
  senders: string[];
}

const KEY = 'key-8c1f+/=x';
const PASSWORD = 'pass word';

/** A form as text: booleans are 0 and 1, lists are joined by commas. */
const asForm: ContractGateway['onWire'] = (fields) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? `${Number(value)}` : String(value),
    ]),
  );

/** api-a, at a gateway written from the API document alone. */
export async function documentGateway(): Promise<ContractGateway> {
  const gateway = await startDocumentGateway();
  const auth = { username: 'admin', password: PASSWORD };
  return {
    ...{ baseUrl: gateway.baseUrl, auth, wrongAuth: { ...auth, password: 'wrong' }, credits: 99.5 },
    refusal: { httpStatus: 403, code: 'AUTH', description: 'who are you', kind: 'other' },
    sent: () => gateway.sent,
    onWire: (fields) => ({ ...auth, ...asForm(fields) }),
    waiting: () => gateway.inbox.length,
    close: () => gateway.close(),
  };
}

/** api-a, at the simulator. */
export async function simulatedDocument(auth: {
  username?: string;
  password?: string;
  token?: string;
}): Promise<ContractGateway> {
  const gateway = await startSimulator();
  return {
    ...ofSimulator(gateway),
    ...{ baseUrl: gateway.url, auth: auth as OurSmsAuth, wrongAuth: { token: 'wrong' } },
    onWire: (fields) => ({ ...auth, ...asForm(fields) }),
  };
}

/** The JSON API, at a gateway written from what is known of it alone. */
export async function jsonGateway(): Promise<JsonContractGateway> {
  const gateway = await startJsonGateway(KEY);
  return {
    ...{ baseUrl: gateway.baseUrl, auth: { apiKey: KEY }, wrongAuth: { apiKey: 'wrong' }, credits: 99.5 },
    refusal: { httpStatus: 403, code: 'UNAUTHORIZED_KEY', description: 'who are you', kind: 'auth' },
    sent: () => gateway.sent,
    onWire: (fields) => fields,
    waiting: () => gateway.inbox.length,
    close: () => gateway.close(),
    loseNextAnswer: () => gateway.loseNextAnswer(),
    reached: (dest) => gateway.sent.filter(({ dests }) => dests.includes(dest)).length,
    user: { userId: '421', username: 'admin', email: 'admin@example.com' },
    senders: ['My Brand', 'Shop-AD'],
  };
}

/** The JSON API, at the simulator. */
export async function simulatedJson(): Promise<JsonContractGateway> {
  const gateway = await startSimulator();
  return {
    ...ofSimulator(gateway),
    ...{ baseUrl: gateway.jsonUrl, auth: { apiKey: KEY }, wrongAuth: { apiKey: 'wrong' } },
    // The simulator keeps fields as text.
    onWire: (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])),
    loseNextAnswer: () => gateway.faults.next('resetAfter', { on: 'send' }),
    reached: (dest) => gateway.phone(dest).length,
    user: { userId: 'user-admin', username: 'admin', email: 'admin@example.com' },
    senders: ['My Brand', 'Shop-AD'],
  };
}

const startSimulator = (): Promise<GatewaySimulator> =>
  GatewaySimulator.start({
    accounts: [
      {
        ...{ username: 'admin', password: PASSWORD, token: 'tok en', apiKey: KEY, credits: 99.5 },
        senders: ['My Brand', 'Shop-AD'],
      },
    ],
  });

const ofSimulator = (
  gateway: GatewaySimulator,
): Pick<ContractGateway, 'refusal' | 'credits' | 'sent' | 'waiting' | 'close'> => ({
  refusal: { httpStatus: 401, code: 1001, kind: 'auth' },
  credits: 99.5,
  sent: () =>
    gateway.requests.filter(({ call, status }) => call === 'send' && status === 200).map(({ params }) => params),
  waiting: () => gateway.waitingReports('admin').length,
  close: () => gateway.stop(),
});
