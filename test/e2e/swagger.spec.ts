import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post, Query, type INestApplication, type Type } from '@nestjs/common';
import {
  ApiProperty,
  DocumentBuilder,
  IntersectionType,
  OmitType,
  PartialType,
  PickType,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { DownloadDlrsDto, SendMessageDto } from 'nestjs-oursms';

class Order extends SendMessageDto {
  @ApiProperty()
  @IsString()
  orderId!: string;
}

class Reference {
  @ApiProperty()
  @IsString()
  reference!: string;
}

class Part extends PartialType(SendMessageDto) {}
class WithoutSender extends OmitType(SendMessageDto, ['src']) {}
class TextAlone extends PickType(SendMessageDto, ['dests', 'body']) {}
class WithReference extends IntersectionType(SendMessageDto, Reference) {}
class PartOfDownload extends PartialType(DownloadDlrsDto) {}

const ALL = ['src', 'dests', 'body', 'priority', 'delay', 'validity', 'maxParts', 'dlr', 'prevDups', 'msgClass'];
const NEEDED = ['src', 'dests', 'body'];

const SHAPES: [Type, fields: string[], required: string[]][] = [
  [SendMessageDto, ALL, NEEDED],
  [Order, [...ALL, 'orderId'], [...NEEDED, 'orderId']],
  [Part, ALL, []],
  [WithoutSender, ALL.slice(1), NEEDED.slice(1)],
  [TextAlone, ['dests', 'body'], ['dests', 'body']],
  [WithReference, [...ALL, 'reference'], [...NEEDED, 'reference']],
  [DownloadDlrsDto, ['count'], []],
  [PartOfDownload, ['count'], []],
];

function controllerFor(shape: Type): Type {
  @Controller(shape.name)
  class Taking {
    @Post()
    body(): void {}

    @Get()
    query(): void {}
  }
  for (const [method, from] of [
    ['body', Body()],
    ['query', Query()],
  ] as const) {
    Reflect.defineMetadata('design:paramtypes', [shape], Taking.prototype, method);
    from(Taking.prototype, method, 0);
  }
  return Taking;
}

let app: INestApplication;
let document: OpenAPIObject;

beforeEach(async () => {
  const module = await Test.createTestingModule({
    controllers: SHAPES.map(([shape]) => controllerFor(shape)),
  }).compile();
  app = module.createNestApplication({ logger: false });
  document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
});

afterEach(() => app.close());

type Schema = { properties: Record<string, object>; required?: string[] };
type Parameter = { name: string; required: boolean; schema: object };

describe('the OpenAPI document', () => {
  it.each(SHAPES)('has every field of %p, in bodies and query strings', (shape, fields, required) => {
    const { properties, required: needed = [] } = document.components?.schemas?.[shape.name] as Schema;
    expect(Object.keys(properties).sort()).toEqual([...fields].sort());
    expect([...needed].sort()).toEqual([...required].sort());
    const parameters = document.paths[`/${shape.name}`]?.get?.parameters as Parameter[];
    expect(parameters.map(({ name }) => name).sort()).toEqual([...fields].sort());
    expect(
      parameters
        .filter((one) => one.required)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...required].sort());
  });

  it('contains types, ranges and defaults', () => {
    const { properties } = document.components?.schemas?.SendMessageDto as Schema;
    expect(properties).toMatchObject({
      src: { type: 'string', minLength: 1 },
      dests: { oneOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] },
      body: { type: 'string', example: expect.stringMatching(/[\u0600-\u06ff]/) },
      priority: { type: 'integer', minimum: 0, maximum: 4, default: 0 },
      delay: { type: 'integer', minimum: 0, default: 0 },
      dlr: { type: 'boolean', default: false },
      msgClass: { type: 'string', enum: ['transactional', 'promotional'] },
    });
    expect(Object.values(properties).every((field) => 'description' in field)).toBe(true);
    const [count] = document.paths['/DownloadDlrsDto']?.get?.parameters as Parameter[];
    expect(count).toMatchObject({ name: 'count', required: false, schema: { minimum: 1, maximum: 500, default: 100 } });
  });
});
