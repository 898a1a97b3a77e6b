import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import { EventListeners } from './event-listeners.js';

/** Metadata of an `@OnEvent`. */
interface Subscription {
  event: Parameters<EventEmitter2['on']>[0];
  options?: { suppressErrors?: boolean };
}

/**
 * Finds the methods that listen to an event with an `@OnEvent` that hides their errors, but not those that set `suppressErrors`
 * themselves, nor listeners of all events.
 *
 * @returns Their names, as `Class.method`.
 */
export function hidingListeners(event: string, discovery: DiscoveryService, scanner: MetadataScanner): string[] {
  const key = subscriptionsKey();
  const found = new Set<string>();
  for (const { instance } of [...discovery.getProviders(), ...discovery.getControllers()]) {
    if (typeof instance !== 'object' || instance === null) continue;
    const provider = instance as object;
    for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(provider) as object | null)) {
      const method = (provider as Record<string, unknown>)[name];
      if (typeof method !== 'function') continue;
      const subscriptions = (Reflect.getMetadata(key, method) ?? []) as Subscription[];
      const hides = subscriptions.some(
        (one) => one.options?.suppressErrors === undefined && isHeardBy(one.event, event),
      );
      if (hides) found.add(`${provider.constructor.name}.${name}`);
    }
  }
  return [...found];
}

/** The metadata key of `@OnEvent`. Version 3 does not export it, so it is read from a decorated function. */
function subscriptionsKey(): unknown {
  const method = (): void => undefined;
  OnEvent('')({}, '', { value: method });
  return Reflect.getMetadataKeys(method)[0];
}

/** Wildcards match here even if the application's emitter is not configured for them. */
function isHeardBy(pattern: Subscription['event'], event: string): boolean {
  const emitter = new EventEmitter2({ wildcard: true });
  emitter.on(pattern, () => undefined);
  return new EventListeners(emitter).has(event);
}
