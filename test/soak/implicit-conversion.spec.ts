import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as mapped from '@nestjs/mapped-types';
import { Body, Controller, Get, Post, Query, ValidationPipe, type Type as Class } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import * as swagger from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import { DownloadDlrsDto, SendMessageDto } from 'nestjs-oursms';

class Reference {
  @IsOptional()
  @IsString()
  reference?: string;
}

class Order extends SendMessageDto {
  @IsOptional()
  @IsString()
  reference?: string;
}

class Redeclared extends SendMessageDto {
  @IsString()
  override body = '';
}

class Nested {
  @ValidateNested()
  @Type(() => SendMessageDto)
  message!: SendMessageDto;
}

const mappedBy = ({ PartialType, OmitType, PickType, IntersectionType }: typeof mapped | typeof swagger): Class[] => [
  class Partial extends PartialType(SendMessageDto) {},
  class Omit extends OmitType(SendMessageDto, ['msgClass']) {},
  class Pick extends PickType(SendMessageDto, ['src', 'dests', 'body', 'dlr', 'delay']) {},
  class Both extends IntersectionType(SendMessageDto, Reference) {},
  class PartOfPart extends PartialType(OmitType(SendMessageDto, ['validity'])) {},
  class PartOfDownload extends PartialType(DownloadDlrsDto) {},
];

class Download extends DownloadDlrsDto {}

/** The classes, each under a path of its own. */
const SHAPES: Record<string, Class> = {
  message: SendMessageDto,
  extended: Order,
  redeclared: Redeclared,
  nested: Nested,
  download: DownloadDlrsDto,
  extendedDownload: Download,
  ...Object.fromEntries(mappedBy(mapped).map((shape) => [`mapped${shape.name}`, shape])),
  ...Object.fromEntries(mappedBy(swagger).map((shape) => [`swagger${shape.name}`, shape])),
};

/** Echoes the values that its methods receive. */
function controllerFor(path: string, shape: Class): Class {
  @Controller(path)
  class Echo {
    @Post()
    body(given: unknown): unknown {
      return { given };
    }

    @Get()
    query(given: unknown): unknown {
      return { given };
    }
  }
  for (const [method, from] of [
    ['body', Body()],
    ['query', Query()],
  ] as const) {
    Reflect.defineMetadata('design:paramtypes', [shape], Echo.prototype, method);
    from(Echo.prototype, method, 0);
  }
  return Echo;
}

const VALUES: unknown[] = [
  ...[
    'hello',
    '',
    ' ',
    '0',
    '1',
    '4',
    '-1',
    '4.5',
    '1e2',
    '0x4',
    'true',
    'false',
    'TRUE',
    'maybe',
    'null',
    'promotional',
  ],
  ...[0, 1, 4, -1, 4.5, 2_147_483_648, true, false, null, [], {}, ['0501234567'], [501234567], [4], ['4'], [true]],
  ...[['promotional'], [null], [[]], [['0501234567']], [{}], { ar: 'hello' }, { length: 1, 0: '0501234567' }],
  ...[{ toString: 1, valueOf: 1 }, { then: 1 }, '2024-01-15T00:00:00.000Z', '0501234567', '0501234567,0507654321'],
];

const MESSAGE = { src: 'MyBrand', dests: ['0501234567'], body: 'hello' };
const FIELDS = [
  'src',
  'dests',
  'body',
  'priority',
  'delay',
  'validity',
  'maxParts',
  'dlr',
  'prevDups',
  'msgClass',
  'count',
];

/** Invalid values that implicit conversion could turn into valid ones. */
const TEMPTING: unknown[] = ['', '1e2', 'maybe', 'false', 1, true, ['4'], { ar: 'hello' }];

const fieldsWith = (value: unknown): object => Object.fromEntries(FIELDS.map((field) => [field, value]));

const BODIES: object[] = [
  ...[MESSAGE, {}, [], [MESSAGE], { message: MESSAGE }, { message: [MESSAGE] }, { message: 'hello' }],
  ...VALUES.flatMap((value) => [fieldsWith(value), { message: { ...MESSAGE, ...fieldsWith(value) } }]),
  ...FIELDS.flatMap((field) => TEMPTING.map((value) => ({ ...MESSAGE, [field]: value }))),
];

const QUERIES = [
  '',
  'src=MyBrand&dests=0501234567&dests=0507654321&body=a',
  'src=MyBrand&dests[]=0501234567&dests[]=0507654321&body=a',
  'src=MyBrand&dests=0501234567&body=a&body=b',
  'src=MyBrand&dests=0501234567&body[ar]=hello',
  'src=a&src=b&dests=0501234567&body=a',
  ...FIELDS.flatMap((field) => [`${field}=1&${field}=2`, `${field}[a]=1`, `${field}[]=1`, field]),
  ...FIELDS.flatMap((field) => ['', '1e2', 'maybe', 'false'].map((value) => `${field}=${value}`)),
];

const PIPES = {
  'that transforms': { transform: true, whitelist: true, forbidNonWhitelisted: true },
  'that only validates': {},
};

describe.each(Object.entries(PIPES))('with a ValidationPipe %s, enableImplicitConversion', (_what, options) => {
  let apps: NestExpressApplication[];
  let urls: string[];

  beforeAll(async () => {
    const controllers = Object.entries(SHAPES).map(([path, shape]) => controllerFor(path, shape));
    apps = [];
    for (const enableImplicitConversion of [false, true]) {
      const module = await Test.createTestingModule({ controllers }).compile();
      const app = module.createNestApplication<NestExpressApplication>({ logger: false });
      app.set('query parser', 'extended');
      app.useGlobalPipes(new ValidationPipe({ ...options, transformOptions: { enableImplicitConversion } }));
      await app.listen(0, '127.0.0.1');
      apps.push(app);
    }
    urls = await Promise.all(apps.map((app) => app.getUrl()));
  });

  afterAll(() => Promise.all(apps.map((app) => app.close())));

  const answers = (path: string, init?: RequestInit): Promise<string[]> =>
    Promise.all(
      urls.map(async (url) => {
        const response = await fetch(`${url}/${path}`, init);
        return `${response.status} ${await response.text()}`;
      }),
    );

  describe.each(Object.keys(SHAPES))('changes no response of %s', (path) => {
    it('to a request body', async () => {
      const seen = new Set<string>();
      for (const body of BODIES) {
        const json = JSON.stringify(body);
        const headers = { 'content-type': 'application/json' };
        const [without, withIt] = await answers(path, { method: 'POST', body: json, headers });
        expect(`${json} ${withIt}`).toBe(`${json} ${without}`);
        seen.add(without?.slice(0, 3) ?? '');
      }
      expect([...seen].sort()).toEqual(['201', '400']);
    });

    it('to a query string', async () => {
      for (const query of QUERIES) {
        const [without, withIt] = await answers(`${path}?${query}`);
        expect(`${query} ${withIt}`).toBe(`${query} ${without}`);
      }
    });
  });
});
