import type { InjectionToken } from '@nestjs/common';
import { DlrInbox } from '../inbox/dlr-inbox.js';
import { Campaigns } from '../campaigns/campaigns.js';
import { Messages } from '../tracking/messages.js';
import { DEFAULT_ACCOUNT } from './internal-tokens.js';
import { OurSmsService } from './oursms.service.js';

/**
 * The token of an account's service: the class `OurSmsService` itself for the unnamed account, a token of its own for each
 * named one.
 *
 * @param name The `name` that the account was registered with.
 */
export function getOurSmsToken(name?: string): InjectionToken<OurSmsService> {
  return name === undefined || name === DEFAULT_ACCOUNT ? OurSmsService : `OurSmsService:${name}`;
}

/**
 * The token of an account's inbox: the class `DlrInbox` itself for the unnamed account, a token of its own for each named one.
 *
 * @param name The `name` that the account was registered with.
 */
export function getDlrInboxToken(name?: string): InjectionToken<DlrInbox> {
  return name === undefined || name === DEFAULT_ACCOUNT ? DlrInbox : `DlrInbox:${name}`;
}

/**
 * The token of an account's campaigns: the class `Campaigns` itself for the unnamed account, a token of its own for each named
 * one.
 *
 * @param name The `name` that the account was registered with.
 */
export function getCampaignsToken(name?: string): InjectionToken<Campaigns> {
  return name === undefined || name === DEFAULT_ACCOUNT ? Campaigns : `Campaigns:${name}`;
}

/**
 * The token of an account's tracked messages: the class `Messages` itself for the unnamed account, a token of its own for each
 * named one.
 *
 * @param name The `name` that the account was registered with.
 */
export function getMessagesToken(name?: string): InjectionToken<Messages> {
  return name === undefined || name === DEFAULT_ACCOUNT ? Messages : `Messages:${name}`;
}
