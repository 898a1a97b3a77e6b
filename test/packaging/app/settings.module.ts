import { Injectable, Module } from '@nestjs/common';

/** Stands for an application's own source of settings. */
@Injectable()
export class Settings {
  get(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  }
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}
