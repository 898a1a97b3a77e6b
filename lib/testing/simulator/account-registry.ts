import { Account } from './account.js';
import { Refusal, SIMULATOR_ERROR_CODES } from './refusal.js';
import type { SimulatorAccount } from './simulator.options.js';

/** The accounts, and who a request comes from. */
export class AccountRegistry {
  readonly all: readonly Account[];
  /** Every password, token and API key. */
  readonly secrets: readonly string[];
  readonly #byUsername: ReadonlyMap<string, Account>;
  readonly #byToken: ReadonlyMap<string, Account>;
  readonly #byKey: ReadonlyMap<string, Account>;

  constructor(accounts: readonly SimulatorAccount[]) {
    const all = accounts.map((settings) => new Account(settings));
    this.all = all;
    this.#byUsername = new Map(all.map((account) => [account.username, account]));
    const by = (name: 'token' | 'apiKey'): ReadonlyMap<string, Account> =>
      new Map(all.flatMap((account) => (account.settings[name] ? [[account.settings[name], account]] : [])));
    this.#byToken = by('token');
    this.#byKey = by('apiKey');
    this.secrets = accounts
      .flatMap(({ password, token, apiKey }) => [password, token, apiKey])
      .filter((secret) => !!secret) as string[];
  }

  /** @throws RangeError when there is no such account: the test is wrong, not a request. */
  get(username: string): Account {
    const account = this.#byUsername.get(username);
    if (account === undefined) throw new RangeError(`the simulator has no account ${JSON.stringify(username)}`);
    return account;
  }

  /**
   * Finds the account of an API key.
   *
   * @param authorization The `Authorization` header: `Bearer` and the key.
   * @throws Refusal (401, 1001) when the key is missing or wrong.
   */
  authenticateByKey(authorization: string | undefined): Account {
    const [, key = ''] = /^bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? [];
    const account = this.#byKey.get(key);
    if (account !== undefined) return account;
    throw new Refusal(401, 'Authorization: API key missing or wrong', SIMULATOR_ERROR_CODES.credentials);
  }

  /**
   * Finds the account of a username and password, a username and token, or a token alone.
   *
   * @throws Refusal (401, 1001) when these are missing or wrong; 400 for a password and a token together.
   */
  authenticate(values: ReadonlyMap<string, string>): Account {
    const [username, password, token] = [values.get('username'), values.get('password'), values.get('token')];
    if (password !== undefined && token !== undefined) {
      throw new Refusal(400, 'password, token: only one of them may be given');
    }
    const account = username === undefined ? this.#byToken.get(token ?? '') : this.#byUsername.get(username);
    const isValid =
      (username !== undefined && !!password && account?.settings.password === password) ||
      (!!token && account?.settings.token === token);
    if (account === undefined || !isValid) {
      throw new Refusal(401, 'username, password or token missing or wrong', SIMULATOR_ERROR_CODES.credentials);
    }
    return account;
  }
}
