import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Serves the description of the HTTP API at `/api`, where each call can be tried. */
export function serveApiPage(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('nestjs-oursms sample')
    .setDescription('Sends SMS through OurSMS, and streams the delivery reports.')
    .build();
  SwaggerModule.setup('api', app, () => SwaggerModule.createDocument(app, config));
}
