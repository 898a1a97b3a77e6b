import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import axios from 'axios';
import { OurSmsModule, OurSmsService } from 'nestjs-oursms';
import { DEMO, startApplication, type TestApplication } from '../support/application.js';

const VARIABLES = [
  'https_proxy',
  'HTTPS_PROXY',
  'http_proxy',
  'HTTP_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
];
const PROXY = 'http://user:s3cret@proxy.example:3128';

let before: Record<string, string | undefined>;
let application: TestApplication | undefined;
beforeEach(() => {
  before = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  for (const name of VARIABLES) delete process.env[name];
});
afterEach(async () => {
  delete axios.defaults.proxy;
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await application?.close();
});

/** The warnings of an application that makes no request. */
async function warningsAt(baseUrl: string, env: Record<string, string>, providers: (typeof UsesAdapter)[] = []) {
  Object.assign(process.env, env);
  const account = OurSmsModule.forRoot({ baseUrl, allowInsecureHttp: true, auth: DEMO, storage: 'memory' });
  application = await startApplication([account], providers);
  return application.logs.matching('go to the gateway directly');
}

/** Goes through the proxy, as the README says. */
@Injectable()
class UsesAdapter implements OnModuleInit {
  constructor(private readonly oursms: OurSmsService) {}

  onModuleInit(): void {
    this.oursms.httpService.axiosRef.defaults.adapter = 'http';
  }
}

const HTTPS = 'https://gateway.example.com/api-a';
const HTTP = 'http://gateway.example.com:8080/api-a';

describe('a proxy that requests would bypass causes one warning at bootstrap:', () => {
  it.each<[string, string, Record<string, string>]>([
    ['HTTPS_PROXY', HTTPS, { HTTPS_PROXY: PROXY }],
    ['https_proxy', HTTPS, { https_proxy: PROXY }],
    ['ALL_PROXY', HTTPS, { ALL_PROXY: PROXY }],
    ['HTTP_PROXY', HTTP, { HTTP_PROXY: PROXY }],
    ['HTTPS_PROXY', HTTPS, { HTTPS_PROXY: PROXY, NO_PROXY: 'example.org,other.example.com, gateway.example.com:8443' }],
  ])('%s, to %s, with %j', async (variable, baseUrl, env) => {
    const warnings = await warningsAt(baseUrl, env);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`although ${variable} is set`);
    expect(warnings[0]).toContain("defaults.adapter of OurSmsService to 'http'");
    expect(warnings[0]).not.toMatch(/s3cret|proxy\.example/);
  });

  it("axios' own default", async () => {
    axios.defaults.proxy = { host: 'proxy.example', port: 3128, auth: { username: 'user', password: 's3cret' } };
    const [warning, ...others] = await warningsAt(HTTPS, {});
    expect(others).toEqual([]);
    expect(warning).toContain("axios' default `proxy` is set");
    expect(warning).not.toMatch(/s3cret|proxy\.example/);
  });
});

describe('no warning about a proxy is logged', () => {
  it.each<[string, string, Record<string, string>]>([
    ['without a proxy', HTTPS, {}],
    ['for a variable of the other protocol', HTTPS, { HTTP_PROXY: PROXY }],
    ['for an empty variable', HTTPS, { HTTPS_PROXY: ' ' }],
    ['when NO_PROXY names the host', HTTPS, { HTTPS_PROXY: PROXY, NO_PROXY: 'localhost, GATEWAY.example.com' }],
    ['when NO_PROXY names the domain', HTTPS, { HTTPS_PROXY: PROXY, no_proxy: '.example.com' }],
    ['when NO_PROXY names host and port', HTTP, { HTTP_PROXY: PROXY, NO_PROXY: 'gateway.example.com:8080' }],
    ['when NO_PROXY excepts everything', HTTPS, { HTTPS_PROXY: PROXY, NO_PROXY: '*' }],
  ])('%s', async (_when, baseUrl, env) => {
    expect(await warningsAt(baseUrl, env)).toEqual([]);
  });

  it("when the account uses axios' own adapter, which goes through the proxy", async () => {
    expect(await warningsAt(HTTPS, { HTTPS_PROXY: PROXY }, [UsesAdapter])).toEqual([]);
  });

  it("when axios' default `proxy` is false", async () => {
    axios.defaults.proxy = false;
    expect(await warningsAt(HTTPS, { HTTPS_PROXY: PROXY })).toEqual([]);
  });
});
