import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata, type Type } from '@nestjs/common';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { RAW_OPTIONS } from './internal-tokens.js';
import { ConfigurableModuleClass, type OurSmsModuleExtras } from './oursms.module-definition.js';
import type { OurSmsModuleOptions } from '../options/oursms.options.js';

/** A class that makes the options, for `useClass` and `useExisting`. */
export interface OurSmsOptionsFactory {
  /** Makes the options, at once or as a promise. */
  createOurSmsOptions(): OurSmsModuleOptions | Promise<OurSmsModuleOptions>;
}

/** Ways to make the options at bootstrap: give one of `useFactory`, `useClass` and `useExisting`. */
export interface OurSmsModuleAsyncOptions extends OurSmsModuleExtras, Pick<ModuleMetadata, 'imports'> {
  /** Makes the options from what `inject` names. */
  useFactory?: (...args: never[]) => OurSmsModuleOptions | Promise<OurSmsModuleOptions>;
  /** Providers to pass to `useFactory`. */
  inject?: FactoryProvider['inject'];
  /** A class to instantiate. */
  useClass?: Type<OurSmsOptionsFactory>;
  /** A provider that exists already, in `imports` or globally. */
  useExisting?: Type<OurSmsOptionsFactory>;
}

const FORMS = ['useFactory', 'useClass', 'useExisting'] as const;

/** Sends SMS through the OurSMS gateway, and publishes its delivery reports as events. */
@Module({
  providers: [
    {
      provide: RAW_OPTIONS,
      useFactory: () => {
        throw new OurSmsConfigError(
          'OurSmsModule is imported bare: import OurSmsModule.forRoot({ auth }) or OurSmsModule.forRootAsync({ useFactory }).',
        );
      },
    },
  ],
})
export class OurSmsModule extends ConfigurableModuleClass {
  /**
   * Registers an account with options at hand.
   *
   * @throws {OurSmsConfigError} at bootstrap, naming every faulty option
   */
  static override forRoot(options: OurSmsModuleOptions & OurSmsModuleExtras): DynamicModule {
    // A call without options gets the same error as one with missing options.
    return super.forRoot(options ?? {});
  }

  /**
   * Registers an account with options that are made at bootstrap, from a configuration service for example.
   *
   * @throws {OurSmsConfigError} at once unless it gives exactly one way to make them; at bootstrap, naming every faulty
   * option
   */
  static override forRootAsync(options: OurSmsModuleAsyncOptions): DynamicModule {
    const given = FORMS.filter((form) => options?.[form] !== undefined);
    if (given.length !== 1) {
      const found = given.length === 0 ? 'none of them' : given.join(' and ');
      throw new OurSmsConfigError(
        `OurSmsModule.forRootAsync() takes one of ${FORMS.join(', ')}; it was given ${found}.`,
      );
    }
    return super.forRootAsync(options as Parameters<typeof ConfigurableModuleClass.forRootAsync>[0]);
  }
}
