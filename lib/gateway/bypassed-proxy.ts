/** Environment variables that name a proxy for https and for http, as curl, axios and others read them. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  'https:': ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
  'http:': ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
};

/**
 * The name of the environment variable that sets a proxy for a URL; undefined when there is none. Never its value, which may
 * contain credentials.
 */
export function proxyVariable(url: string, env: NodeJS.ProcessEnv): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const variable = VARIABLES[protocol]?.find((name) => (env[name] ?? '').trim() !== '');
  const exceptions = env.no_proxy ?? env.NO_PROXY ?? '';
  return variable !== undefined && !isExcepted(hostname, port || (protocol === 'https:' ? '443' : '80'), exceptions)
    ? variable
    : undefined;
}

/** Entries of `NO_PROXY`: `*`, a host, `.domain` or `*.domain`, each with or without a port. */
function isExcepted(hostname: string, port: string, exceptions: string): boolean {
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      const [, host = '', ofPort] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? [];
      if (host === '' || (ofPort !== undefined && ofPort !== port)) return false;
      if (host === '*' || host === hostname) return true;
      const domain = host.replace(/^\*?\./, '');
      return hostname === domain || hostname.endsWith(`.${domain}`);
    });
}
