import { GatewaySimulator } from 'nestjs-oursms/testing';

/** Starts a gateway in this process and says where it is; returns what stops it. */
export async function openGateway(): Promise<() => Promise<void>> {
  const gateway = await GatewaySimulator.start();
  process.env['OURSMS_BASE_URL'] = gateway.url;
  return () => gateway.stop();
}
