// Prints what the OpenAPI document of an application says of the DTOs, as they are and derived.
import 'reflect-metadata';
import { Body, Controller, Get, Module, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, IntersectionType, OmitType, PartialType, PickType, SwaggerModule } from '@nestjs/swagger';
import { DownloadDlrsDto, SendMessageDto } from 'nestjs-oursms';

const SHAPES = [
  SendMessageDto,
  class Extended extends SendMessageDto {},
  class Part extends PartialType(SendMessageDto) {},
  class Omitting extends OmitType(SendMessageDto, ['src']) {},
  class Picking extends PickType(SendMessageDto, ['dests', 'body']) {},
  class Both extends IntersectionType(SendMessageDto, DownloadDlrsDto) {},
  DownloadDlrsDto,
];

function controllerFor(shape) {
  class Taking {
    body() {}
    query() {}
  }
  const { prototype } = Taking;
  for (const [method, from, verb] of [
    ['body', Body(), Post()],
    ['query', Query(), Get()],
  ]) {
    Reflect.defineMetadata('design:paramtypes', [shape], prototype, method);
    from(prototype, method, 0);
    verb(prototype, method, Object.getOwnPropertyDescriptor(prototype, method));
  }
  Controller(shape.name)(Taking);
  return Taking;
}

class AppModule {}
Module({ controllers: SHAPES.map(controllerFor) })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
const { components, paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
const said = SHAPES.map(({ name }) => {
  const { properties, required = [] } = components.schemas[name];
  const query = paths[`/${name}`].get.parameters.map((parameter) => parameter.name);
  return [name, { body: Object.keys(properties), required, query }];
});
console.log(JSON.stringify(Object.fromEntries(said)));
