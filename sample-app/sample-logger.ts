import { ConsoleLogger } from '@nestjs/common';

/** Parts of Nest that log a line for each module and each route: the address would be the last of some sixty lines. */
const VERBOSE = ['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication'];

/** Nest's own logger, without what it says of modules and routes while it starts. Warnings and errors are all there. */
export class SampleLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (VERBOSE.includes(String(rest.at(-1)))) return;
    super.log(message, ...rest);
  }
}
