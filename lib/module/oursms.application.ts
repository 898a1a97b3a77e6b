import { Injectable, Module, type InjectionToken } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { DEFAULT_ACCOUNT } from './internal-tokens.js';

/** State that all accounts of an application share. */
@Injectable()
export class OurSmsApplication {
  readonly #accounts = new Map<string, object>();
  readonly #warned = new Set<string>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /** A provider of any module of the application; undefined when it has none under this token. */
  find<T>(token: InjectionToken<T>): T | undefined {
    try {
      return this.moduleRef.get<T>(token, { strict: false });
    } catch {
      return undefined;
    }
  }

  /** True for the first call with a subject: a warning about the whole application is logged once, not for each account. */
  isFirstWarning(subject: string): boolean {
    if (this.#warned.has(subject)) return false;
    this.#warned.add(subject);
    return true;
  }

  /**
   * Refuses a second registration of an account: it would create a second poller and pool, and Nest could inject either
   * service.
   *
   * @throws {OurSmsConfigError} when another registration has this account
   */
  register(account: string, registration: object): void {
    const known = this.#accounts.get(account) ?? registration;
    this.#accounts.set(account, known);
    if (known === registration) return;
    const which = account === DEFAULT_ACCOUNT ? 'without a name' : `with the name ${account}`;
    throw new OurSmsConfigError(
      `OurSmsModule is registered twice ${which}: register it once (isGlobal: true shares it), or give each account its own name.`,
    );
  }
}

/**
 * Shared by all accounts: a `ModuleRef` that looks beyond its module keeps a map of all providers of the application. With a
 * map for each account, memory would grow with the square of the number of accounts.
 */
@Module({ providers: [OurSmsApplication], exports: [OurSmsApplication] })
export class OurSmsApplicationModule {}
