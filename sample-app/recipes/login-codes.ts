// Login codes by SMS: POST /login-codes { number }, then POST /login-codes/verify { number, code }.
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { BadRequestException, HttpException, Injectable, Logger, UnauthorizedException } from '@nestjs/common';
import { Body, Controller, HttpCode, Module, Post, UseFilters, ValidationPipe } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import { normalizeNumber, OurSmsError, OurSmsExceptionFilter, OurSmsModule, OurSmsService } from 'nestjs-oursms';

const HOUR_MS = 3_600_000;
const CODES_AN_HOUR = 5;
const COOLDOWN_MS = 60_000;
const VALID_MINUTES = 5;
const ATTEMPTS = 5;

/** All that is kept of a number. */
interface CodeState {
  /** When codes were sent within the last hour, oldest first. */
  sentAt: number[];
  /** The code that may still be used: never its digits. */
  code?: { hash: Buffer; expiresAt: number; attemptsLeft: number };
}

@Injectable()
export class LoginCodes {
  private readonly logger = new Logger(LoginCodes.name);
  // Of this process alone: several instances keep it in a database or in Redis, and share the secret.
  private readonly states = new Map<string, CodeState>();
  private readonly secret = process.env.LOGIN_CODE_SECRET ?? randomBytes(32);

  constructor(private readonly oursms: OurSmsService) {}

  /** Sends a new code. @returns Seconds until the next one may be asked for. */
  async send(written: string): Promise<number> {
    const [number, now] = [readNumber(written), Date.now()];
    for (const [idle, { sentAt }] of this.states) {
      if ((sentAt.at(-1) ?? 0) > now - HOUR_MS) break; // the map is in the order of the last send
      this.states.delete(idle);
    }
    const before = this.states.get(number);
    const sentAt = (before?.sentAt ?? []).filter((at) => at > now - HOUR_MS);
    const cooldownEnds = (sentAt.at(-1) ?? -COOLDOWN_MS) + COOLDOWN_MS;
    const hourEnds = sentAt.length < CODES_AN_HOUR ? 0 : (sentAt[0] ?? 0) + HOUR_MS;
    const retryAfterSeconds = Math.ceil((Math.max(cooldownEnds, hourEnds) - now) / 1_000);
    if (retryAfterSeconds > 0) throw new HttpException({ message: 'Too many codes.', retryAfterSeconds }, 429);

    const digits = String(randomInt(1_000_000)).padStart(6, '0');
    const code = { hash: this.hash(number, digits), expiresAt: now + VALID_MINUTES * 60_000, attemptsLeft: ATTEMPTS };
    // Before the send: two requests at once send one message, and the code works as soon as it arrives.
    this.states.delete(number);
    this.states.set(number, { sentAt: [...sentAt, now], code });
    try {
      const { rejected = 0 } = await this.oursms.send({
        dests: number,
        // It says what the code is for: a code without a purpose can be talked out of its owner. One part, of 70 characters.
        body: `رمز الدخول إلى متجر الواحة: ${digits}\nلا تعطه لأحد.`,
        validity: VALID_MINUTES, // a code that has expired must not arrive
      });
      if (rejected > 0) throw new BadRequestException('The gateway has no way to this number.');
    } catch (error) {
      if (error instanceof OurSmsError && error.outcome === 'unknown') {
        // It may have arrived: the code stays valid, and the cooldown keeps a second message from following at once.
        this.logger.warn(`A login code may not have arrived: ${error.name}`); // neither the number nor the text
      } else {
        // Nothing was sent: no cooldown, nothing counted, and an earlier code is still good.
        this.states.delete(number);
        if (before) this.states.set(number, before);
        throw error;
      }
    }
    return COOLDOWN_MS / 1_000;
  }

  /** Whether it is the code of the number. Each code works once. */
  verify(written: string, digits: string): boolean {
    const number = readNumber(written);
    const state = this.states.get(number);
    if (!state?.code || state.code.expiresAt <= Date.now()) return false;
    const isRight = timingSafeEqual(state.code.hash, this.hash(number, digits));
    state.code.attemptsLeft -= 1;
    // `sentAt` stays: using a code up must not lift the limits.
    if (isRight || state.code.attemptsLeft === 0) delete state.code;
    return isRight;
  }

  /** Six digits are guessed from a plain hash in a moment: it takes a secret that is not kept beside it. */
  private hash(number: string, digits: string): Buffer {
    return createHmac('sha256', this.secret).update(`${number}:${digits}`).digest();
  }
}

/** One person is one key, however the number is written: 0501234567 and +966 50 123 4567 share their limits. */
function readNumber(written: string): string {
  const read = normalizeNumber(written);
  if (!read.ok) throw new BadRequestException(`number: ${read.reason}`);
  return read.number;
}

class CodeRequest {
  @IsString()
  number!: string;
}

class CodeAnswer extends CodeRequest {
  @IsString()
  code!: string;
}

// Put a limit for each address before it (@nestjs/throttler): a script has many numbers, and each message costs money.
@Controller('login-codes')
@UseFilters(OurSmsExceptionFilter) // 503 when nothing was sent: the caller may try again at once
export class LoginCodesController {
  constructor(private readonly codes: LoginCodes) {}

  @Post()
  @HttpCode(202) // the same for every number: it must not tell who has an account
  async send(@Body(new ValidationPipe()) { number }: CodeRequest): Promise<{ resendAfterSeconds: number }> {
    return { resendAfterSeconds: await this.codes.send(number) };
  }

  @Post('verify')
  @HttpCode(204) // start your session here
  verify(@Body(new ValidationPipe()) { number, code }: CodeAnswer): void {
    // One answer for a wrong, an expired and a used-up code.
    if (!this.codes.verify(number, code)) throw new UnauthorizedException('The code is wrong or has expired.');
  }
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
  controllers: [LoginCodesController],
  providers: [LoginCodes],
})
export class LoginCodesModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(LoginCodesModule);
  app.enableShutdownHooks(); // a send that is in flight is awaited when the process ends
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
