import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { EventEmitter2, OnEvent } from '@nestjs/event-emitter';
import { EventListeners } from './event-listeners.js';

/** What `@OnEvent` keeps of a method, once for each time that it stands there. */
interface Subscription {
  event: Parameters<EventEmitter2['on']>[0];
  options?: { suppressErrors?: boolean };
}

/**
 * The methods that listen to an event with an `@OnEvent` that hides what they throw, as `Class.method`.
 *
 * Left out are those that say `suppressErrors` themselves, and listeners of all events.
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

/** The name is no export of every version that can be installed beside us: the decorator is asked. */
function subscriptionsKey(): unknown {
  const method = (): void => undefined;
  OnEvent('')({}, '', { value: method });
  return Reflect.getMetadataKeys(method)[0];
}

/** Patterns count, whether or not the application's emitter knows them. */
function isHeardBy(pattern: Subscription['event'], event: string): boolean {
  const emitter = new EventEmitter2({ wildcard: true });
  emitter.on(pattern, () => undefined);
  return new EventListeners(emitter).has(event);
}
