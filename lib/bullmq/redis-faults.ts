import { OurSmsStorageError, type StorageFault } from '../errors/oursms-storage.error.js';

const CLUSTER = 'is a Redis Cluster, which is not supported: connect to a single server, or by Sentinel';

/** Messages of Redis and its client, with the fault and the advice for each. */
const SIGNS: readonly [RegExp, StorageFault, string][] = [
  [/\bOOM |maxmemory/, 'full', 'is out of memory: give it more (maxmemory), and writing resumes by itself'],
  [/WRONGPASS|NOAUTH|invalid password|invalid username/i, 'failed', 'refuses the user name or the password'],
  [/\bNOPERM\b|user executing the script can't/, 'failed', 'denies this user a command that is needed: grant it (ACL)'],
  [/\bWRONGTYPE\b/, 'failed', 'contains data of another application under one of our keys: choose another prefix'],
  [/\bMISCONF\b/, 'full', 'cannot write to its disk: free some space there, and writing resumes by itself'],
  [/\bREADONLY\b|^UNBLOCKED|^MASTERDOWN/, 'unreachable', 'is a read-only replica: connect to its master. Retrying'],
  [/^NOREPLICAS/, 'unreachable', 'has too few replicas to accept writes (min-replicas-to-write). Retrying'],
  [/^(?:MOVED|ASK|CLUSTERDOWN|CROSSSLOT)\b/, 'unsuited', CLUSTER],
  [/^LOADING|^BUSY/, 'unreachable', 'is not ready yet. Retrying'],
  [/NOSCRIPT|^OURSMS/, 'unreachable', 'has lost its script cache. Retrying'],
  [/^ERR |^EXECABORT|^NOPROTO/, 'failed', 'does not support a command that is needed'],
];

/** Codes of TLS errors, with the advice for each. */
const TLS_SIGNS: readonly [RegExp, string][] = [
  [
    /ALERT_.*(?:CERT|HANDSHAKE_FAILURE)/,
    'requires a client certificate, or rejects this one: set tls.cert and tls.key',
  ],
  [/^ERR_SSL_|^EPROTO$/, 'does not use TLS on this port: leave out tls, or use its TLS port'],
  [
    /CERT_ALTNAME|HOSTNAME_MISMATCH/,
    'presents a certificate for another name: connect by the name in the certificate, or set tls.servername',
  ],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'presents a certificate that has expired or is not valid yet: renew it'],
  [
    /CERT|SIGNATURE|INVALID_CA/,
    'presents a certificate that is not trusted: set tls.ca to the certificate of its authority',
  ],
];

/** Replies of a server that is not the master. */
const NO_MASTER = /\bREADONLY\b|^UNBLOCKED|^MASTERDOWN|^LOADING/;

/** Whether an error of a client says that its server is not the master: another server may have the same address by now. */
export const saysNoMaster = (thrown: unknown): boolean => NO_MASTER.test(textsOf(thrown).said);

/** Makes the errors about a Redis server. They never show its password. */
export class RedisFaults {
  /** @param address Host and port. */
  constructor(readonly address: string) {}

  get closed(): OurSmsStorageError {
    return this.#fault('closed', 'is not used any more: the application is stopping');
  }

  /** The server can never be used as it is set up. */
  unsuited(why: string): OurSmsStorageError {
    return this.#fault('unsuited', why);
  }

  full(why: string): OurSmsStorageError {
    return this.#fault('full', why);
  }

  /** Translates an error of the client; an {@link OurSmsStorageError} is returned as it is. */
  explain(thrown: unknown): OurSmsStorageError {
    if (thrown instanceof OurSmsStorageError) return thrown;
    const { said, code } = textsOf(thrown);
    const sign = SIGNS.find(([pattern]) => pattern.test(said));
    if (sign) return this.#fault(sign[1], sign[2], said.split(' ', 1)[0]);
    const tls = TLS_SIGNS.find(([pattern]) => pattern.test(code ?? ''));
    return this.#fault('unreachable', `${tls ? tls[1] : 'does not answer'}. Retrying`, code);
  }

  /** @param code Shown if it looks like a code: other texts of Redis may contain data. */
  #fault(fault: StorageFault, advice: string, code?: string): OurSmsStorageError {
    const detail = code !== undefined && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : '';
    return new OurSmsStorageError(`Redis at ${this.address} ${advice}${detail}.`, { fault });
  }
}

function textsOf(thrown: unknown): { said: string; code?: string } {
  const { message, code } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  return { said: typeof message === 'string' ? message : '', code: typeof code === 'string' ? code : undefined };
}
