import { OurSmsStorageError, type StorageFault } from '../errors/oursms-storage.error.js';

const CLUSTER = 'is a Redis Cluster, which is not supported: connect to a single server, or by Sentinel';

/** What Redis and its client say, and what it means. */
const SIGNS: readonly [RegExp, StorageFault, string][] = [
  [/\bOOM |maxmemory/, 'full', 'has no memory left: give it more (maxmemory); it goes on by itself then'],
  [/WRONGPASS|NOAUTH|invalid password|invalid username/i, 'failed', 'refuses the user name or the password'],
  [
    /\bNOPERM\b|user executing the script can't/,
    'failed',
    'does not let this user do what is needed: give it more rights (ACL)',
  ],
  [/\bWRONGTYPE\b/, 'failed', 'holds something else under a key of ours: choose another prefix'],
  [/\bMISCONF\b/, 'full', 'cannot write to its disk: make room there; it goes on by itself then'],
  [
    /\bREADONLY\b|^UNBLOCKED|^MASTERDOWN/,
    'unreachable',
    'is a replica, which takes no writes: connect to its master; it is tried again',
  ],
  [/^NOREPLICAS/, 'unreachable', 'has too few replicas to take writes (min-replicas-to-write); it is tried again'],
  [/^(?:MOVED|ASK|CLUSTERDOWN|CROSSSLOT)\b/, 'unsuited', CLUSTER],
  [/^LOADING|^BUSY/, 'unreachable', 'is not ready yet; it is tried again'],
  [/NOSCRIPT|^OURSMS/, 'unreachable', 'has forgotten the scripts; it is tried again'],
  [/^ERR |^EXECABORT|^NOPROTO/, 'failed', 'does not understand a command'],
];

/** What the codes of TLS mean. */
const TLS_SIGNS: readonly [RegExp, string][] = [
  [/ALERT_.*(?:CERT|HANDSHAKE_FAILURE)/, 'does not take our certificate, or wants one: give it (tls.cert, tls.key)'],
  [/^ERR_SSL_|^EPROTO$/, 'does not speak TLS there: leave out tls, or give the port where it does'],
  [
    /CERT_ALTNAME|HOSTNAME_MISMATCH/,
    'shows the certificate of another name: connect by the name in it, or give that (tls.servername)',
  ],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, 'shows a certificate that is not valid now: renew it'],
  [/CERT|SIGNATURE|INVALID_CA/, 'shows a certificate that is not trusted here: give the one that signed it (tls.ca)'],
];

/** What a server says that is no master, or is none any more. */
const NO_MASTER = /\bREADONLY\b|^UNBLOCKED|^MASTERDOWN|^LOADING/;

/** Tells what is wrong with a Redis server, without its password. */
export class RedisFaults {
  /** @param address Host and port. */
  constructor(readonly address: string) {}

  get closed(): OurSmsStorageError {
    return this.#fault('closed', 'is not used any more: the application is ending');
  }

  /** It can never be used. */
  unsuited(why: string): OurSmsStorageError {
    return this.#fault('unsuited', why);
  }

  full(why: string): OurSmsStorageError {
    return this.#fault('full', why);
  }

  /** Whether it is no master: another one may be behind the same address by now. @param thrown By its client. */
  saysNoMaster(thrown: unknown): boolean {
    return !(thrown instanceof OurSmsStorageError) && NO_MASTER.test(textsOf(thrown).said);
  }

  /** From what its client threw. */
  explain(thrown: unknown): OurSmsStorageError {
    if (thrown instanceof OurSmsStorageError) return thrown;
    const { said, code } = textsOf(thrown);
    const sign = SIGNS.find(([pattern]) => pattern.test(said));
    if (sign) return this.#fault(sign[1], sign[2], said.split(' ', 1)[0]);
    const tls = TLS_SIGNS.find(([pattern]) => pattern.test(code ?? ''));
    return this.#fault('unreachable', `${tls ? tls[1] : 'does not answer'}; it is tried again`, code);
  }

  /** Only the code of what was said: the rest may hold what was sent. */
  #fault(fault: StorageFault, advice: string, code?: string): OurSmsStorageError {
    const detail = code !== undefined && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : '';
    return new OurSmsStorageError(`Redis at ${this.address} ${advice}${detail}.`, { fault });
  }
}

function textsOf(thrown: unknown): { said: string; code?: string } {
  const { message, code } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  return { said: typeof message === 'string' ? message : '', code: typeof code === 'string' ? code : undefined };
}
