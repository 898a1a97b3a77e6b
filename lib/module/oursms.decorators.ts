import { Inject } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { OURSMS_DLR } from '../inbox/dlr-events.js';
import { getCampaignsToken, getDlrInboxToken, getMessagesToken, getOurSmsToken } from './oursms.tokens.js';

/**
 * Injects the `OurSmsService` of a named account. For the unnamed account, inject the class.
 *
 * @param name The `name` that the account was registered with.
 */
export function InjectOurSms(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getOurSmsToken(name));
}

/**
 * Injects the `DlrInbox` of a named account. For the unnamed account, inject the class.
 *
 * @param name The `name` that the account was registered with.
 */
export function InjectDlrInbox(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getDlrInboxToken(name));
}

/**
 * Injects the `Campaigns` of a named account. For the unnamed account, inject the class.
 *
 * @param name The `name` that the account was registered with.
 */
export function InjectCampaigns(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getCampaignsToken(name));
}

/**
 * Injects the `Messages` of a named account. For the unnamed account, inject the class.
 *
 * @param name The `name` that the account was registered with.
 */
export function InjectMessages(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getMessagesToken(name));
}

/**
 * Marks a method as a listener of delivery reports: it is called with each `Dlr`. If it throws, the report is
 * redelivered. A bare `@OnEvent('oursms.dlr')` hides the errors of the method, and the report would count as handled.
 */
export function OnDlr(): MethodDecorator {
  return OnEvent(OURSMS_DLR, { suppressErrors: false });
}
