import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PackagedApplication } from '../support/packaging-application.js';
import { packTarball, type Tarball } from '../support/packaging-tarball.js';

const EVERYWHERE = ['axios@1', 'class-transformer@0.5', 'reflect-metadata@0.2', 'rxjs@7', 'typescript@~6.0.0'];
const NEST: Record<string, string[]> = {
  '12': [
    ...['@nestjs/common@12', '@nestjs/core@12', '@nestjs/platform-express@12', '@nestjs/swagger@12'],
    ...['@nestjs/axios@12', '@nestjs/event-emitter@12', '@nestjs/schedule@12', 'class-validator@0.15'],
  ],
  '11': [
    ...['@nestjs/common@11', '@nestjs/core@11', '@nestjs/platform-express@11', '@nestjs/swagger@11'],
    ...['@nestjs/axios@4', '@nestjs/event-emitter@3', '@nestjs/schedule@6', 'class-validator@0.14'],
  ],
};

const ALL = ['src', 'dests', 'body', 'priority', 'delay', 'validity', 'maxParts', 'dlr', 'prevDups', 'msgClass'];
const NEEDED = ['src', 'dests', 'body'];

describe.each(Object.entries(NEST))('the OpenAPI document of an application on Nest %s', (_version, packages) => {
  let tarball: Tarball;
  let application: PackagedApplication;

  beforeAll(async () => {
    tarball = await packTarball();
    const plan = { modules: 'esm', packages: [...packages, ...EVERYWHERE], gateway: 'in-process' } as const;
    application = await PackagedApplication.create(plan, tarball.path);
  }, 260_000);

  afterAll(async () => {
    await application?.remove();
    await tarball?.remove();
  });

  it('shows the fields of the DTOs and of classes derived from them', async () => {
    const { code, stdout, stderr } = await application.probe('swagger-document.mjs', []);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(sorted(JSON.parse(stdout) as Said)).toEqual(
      sorted({
        SendMessageDto: { body: ALL, required: NEEDED, query: ALL },
        Extended: { body: ALL, required: NEEDED, query: ALL },
        Part: { body: ALL, required: [], query: ALL },
        Omitting: { body: ALL.slice(1), required: NEEDED.slice(1), query: ALL.slice(1) },
        Picking: { body: ['dests', 'body'], required: ['dests', 'body'], query: ['dests', 'body'] },
        Both: { body: [...ALL, 'count'], required: NEEDED, query: [...ALL, 'count'] },
        DownloadDlrsDto: { body: ['count'], required: [], query: ['count'] },
      }),
    );
  }, 90_000);
});

type Said = Record<string, Record<'body' | 'required' | 'query', string[]>>;

/** Swagger does not guarantee the order of fields. */
const sorted = (said: Said): object =>
  Object.entries(said).map(([name, { body, required, query }]) => [
    name,
    [body, required, query].map((list) => [...list].sort()),
  ]);
