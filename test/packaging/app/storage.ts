import type { OurSmsModuleOptions } from 'nestjs-oursms';

/** Redis where there is one, the default otherwise. */
export async function storage(): Promise<OurSmsModuleOptions['storage']> {
  const url = process.env['REDIS_URL'];
  if (url === undefined) return { path: '.oursms' };
  const { bullMqEngine } = await import('nestjs-oursms/bullmq');
  return bullMqEngine({ connection: { url } });
}
