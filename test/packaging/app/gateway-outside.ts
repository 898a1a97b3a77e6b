/** Takes the place of gateway.ts where the gateway runs in a process of its own. */
export async function openGateway(): Promise<() => Promise<void>> {
  return async () => undefined;
}
