// Login by phone number with Better-Auth 1.7 (https://better-auth.com/docs/plugins/phone-number), below /api/auth.
// It needs one more package: npm install better-auth
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { betterAuth, type Auth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { APIError, createAuthMiddleware } from 'better-auth/api';
import { toNodeHandler } from 'better-auth/node';
import { phoneNumber } from 'better-auth/plugins';
import { normalizeNumber, OurSmsError, OurSmsModule, OurSmsService } from 'nestjs-oursms';

/** The token that Better-Auth is injected by. */
export const AUTH = Symbol('AUTH');

/** The header that tells Better-Auth the address of a client. What a client writes there itself is overwritten. */
const CLIENT_IP = 'x-client-ip';
const EXPIRES_SECONDS = 300;
const COOLDOWN_MS = 60_000;

/** Better-Auth takes any text for a number, and looks users up by it: only one spelling of each, +9665XXXXXXXX, may pass. */
function isCanonical(number: unknown): number is string {
  if (typeof number !== 'string') return false;
  const read = normalizeNumber(number);
  return read.ok && number === `+${read.number}`;
}

export function createAuth(oursms: OurSmsService): { handler: Auth['handler'] } {
  const logger = new Logger('LoginCodes');
  // Of this process alone: several instances keep it in Redis.
  const sentAt = new Map<string, number>();

  return betterAuth({
    baseURL: process.env.BETTER_AUTH_URL ?? `http://127.0.0.1:${process.env.PORT ?? 3000}`,
    // Yours: it signs sessions. Better-Auth reads BETTER_AUTH_SECRET by itself as well.
    secret: process.env.BETTER_AUTH_SECRET ?? 'a-secret-for-the-simulator-alone',
    // Yours: a pool of pg, mysql2 and others, or the adapter of Prisma or Drizzle.
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    // A limit for each address and path, which holds in production only unless it is enabled.
    rateLimit: { enabled: true },
    advanced: { ipAddress: { ipAddressHeaders: [CLIENT_IP] } },
    hooks: {
      // A limit for each number as well. Here, and not in sendOTP: there the code that was sent before is replaced already.
      before: createAuthMiddleware(async ({ path, body }) => {
        const number: unknown = (body as { phoneNumber?: unknown } | undefined)?.phoneNumber;
        if (path !== '/phone-number/send-otp' || !isCanonical(number)) return;
        const now = Date.now();
        for (const [other, at] of sentAt) {
          if (at > now - COOLDOWN_MS) break; // they are in the order of sending
          sentAt.delete(other);
        }
        if (sentAt.has(number)) throw new APIError('TOO_MANY_REQUESTS', { message: 'A code was sent a moment ago.' });
        sentAt.set(number, now);
      }),
    },
    plugins: [
      phoneNumber({
        otpLength: 6,
        expiresIn: EXPIRES_SECONDS,
        allowedAttempts: 5,
        phoneNumberValidator: isCanonical,
        // No address of a person, and none that mail could ever reach.
        signUpOnVerification: { getTempEmail: (number) => `${number.slice(1)}@phone.invalid`, getTempName: () => '' },
        // Better-Auth keeps the code in its table `verification`, not hashed. To hash it, keep it yourself and give `verifyOTP`.
        sendOTP: async ({ phoneNumber: number, code }) => {
          try {
            const { rejected = 0 } = await oursms.send({
              dests: number,
              body: `رمز الدخول إلى متجر الواحة: ${code}\nلا تعطه لأحد.`, // what the code is for
              validity: EXPIRES_SECONDS / 60, // minutes: a code that has expired must not arrive
            });
            if (rejected === 0) return;
          } catch (error) {
            if (!(error instanceof OurSmsError)) throw error;
            // It may have arrived: the code stays valid, and the caller waits for it.
            if (error.outcome === 'unknown') return logger.warn(`A login code may not have arrived: ${error.name}`);
          }
          // Nothing was sent: no cooldown. Thrown, and so awaited: who waits in vain for a message should know.
          sentAt.delete(number);
          throw new APIError('SERVICE_UNAVAILABLE', { message: 'The code was not sent: try again.' });
        },
      }),
    ],
  });
}

@Module({
  imports: [
    OurSmsModule.forRootAsync({
      // The simulated gateway (npx nestjs-oursms-gateway), unless OURSMS_BASE_URL and OURSMS_API_KEY name another.
      useFactory: () => ({
        baseUrl: process.env.OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
        auth: { apiKey: process.env.OURSMS_API_KEY ?? 'demo-key' },
        defaults: { src: process.env.OURSMS_SRC ?? 'MyBrand' },
        // Shorter than the defaults: a person waits for the answer.
        http: { timeoutMs: 8_000 },
        retry: { deadlineMs: 5_000 },
      }),
    }),
  ],
  providers: [{ provide: AUTH, inject: [OurSmsService], useFactory: createAuth }],
})
export class BetterAuthModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(BetterAuthModule);
  const handle = toNodeHandler(app.get<{ handler: Auth['handler'] }>(AUTH));
  // Before listen(), and so before the body parsers of Nest: Better-Auth reads the body itself.
  app.use('/api/auth', (request: IncomingMessage & { ip?: string }, response: ServerResponse) => {
    // Without it, all clients share one limit. Behind a proxy, Express knows the client by its setting `trust proxy`.
    request.headers[CLIENT_IP] = request.ip;
    return handle(request, response);
  });
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
