export type { Credits } from './dto/credits.js';
export { DLR_STATUSES, type Dlr, type DlrStatus } from './dto/dlr.js';
export { monotonic } from './dto/monotonic.js';
export { DownloadDlrsDto } from './dto/download-dlrs.dto.js';
export { MESSAGE_CLASSES, SendMessageDto, type MessageClass, type MessageToSend } from './dto/send-message.dto.js';
export type { SendEstimate } from './dto/send-estimate.js';
export type { ReceiptRow, SendReceipt } from './dto/send-receipt.js';
export type { Sender, Senders } from './dto/senders.js';
export type { WhoAmI } from './dto/who-am-i.js';
export { OurSmsAbortedError } from './errors/oursms-aborted.error.js';
export { OurSmsBusyError } from './errors/oursms-busy.error.js';
export { OurSmsConfigError, type Fault } from './errors/oursms-config.error.js';
export { OurSmsConnectionError } from './errors/oursms-connection.error.js';
export { OurSmsGatewayError, type GatewayErrorKind } from './errors/oursms-gateway.error.js';
export { OurSmsResponseError } from './errors/oursms-response.error.js';
export { OurSmsStorageError, type StorageFault } from './errors/oursms-storage.error.js';
export { OurSmsTimeoutError } from './errors/oursms-timeout.error.js';
export { OurSmsValidationError } from './errors/oursms-validation.error.js';
export { OurSmsError, type Operation, type Outcome } from './errors/oursms.error.js';
export {
  OURSMS_DLR,
  OURSMS_DLR_FAILED,
  OURSMS_DLR_GAP,
  OURSMS_DLR_UNREADABLE,
  type DlrFailure,
  type DlrGap,
  type UnreadableDlrs,
} from './inbox/dlr-events.js';
export { DlrInbox } from './inbox/dlr-inbox.js';
export type { DlrInboxStats, DlrPoll, FailedDlr } from './inbox/dlr-inbox-stats.js';
export { adviseMessage, type AdviceOptions } from './message/advise-message.js';
export type { AdvisableMessage, Advice, AdviceCode } from './message/advice/advice.js';
export { describeText, type TextDescription } from './message/describe-text.js';
export type { ForcingCharacter } from './message/forcing-characters.js';
export { normalizeNumber, type NormalizedNumber, type NumberCountry } from './message/normalize-number.js';
export type { QuietHours } from './message/quiet-hours.js';
export { simplifyText } from './message/simplify-text.js';
export type { TextEncoding } from './message/split-text.js';
export { InjectCampaigns, InjectDlrInbox, InjectMessages, InjectOurSms, OnDlr } from './module/oursms.decorators.js';
export { OurSmsExceptionFilter } from './module/oursms.exception-filter.js';
export type { OurSmsModuleExtras } from './module/oursms.module-definition.js';
export { OurSmsModule, type OurSmsModuleAsyncOptions, type OurSmsOptionsFactory } from './module/oursms.module.js';
export {
  OurSmsCampaignOptions,
  OurSmsHttpOptions,
  OurSmsModuleOptions,
  OurSmsNumbersOptions,
  OurSmsQuietHoursOptions,
  OurSmsRateOptions,
  OurSmsRetryOptions,
  type OurSmsAuth,
  type OurSmsMessageDefaults,
  type OurSmsStorageEngine,
  type OurSmsStorageOptions,
  type OurSmsTelemetry,
} from './options/oursms.options.js';
export { OurSmsTrackingOptions } from './options/tracking.options.js';
export { OurSmsDlrOptions, OurSmsPollOptions, OurSmsWebhookOptions } from './options/dlr.options.js';
export { OurSmsService } from './module/oursms.service.js';
export type { SendOptions } from './sending/send-options.js';
export { OurSmsWebhook } from './module/oursms.webhook.js';
export { Campaign } from './campaigns/campaign.js';
export {
  OURSMS_CAMPAIGN_PAUSED,
  OURSMS_CREDITS_LOW,
  type CampaignCounts,
  type CampaignDraft,
  type CampaignEstimate,
  type CampaignFate,
  type CampaignInput,
  type CampaignLeftOut,
  type CampaignMessage,
  type CampaignPaused,
  type CampaignPlan,
  type CampaignProgress,
  type CampaignRecipient,
  type CampaignReport,
  type CampaignState,
  type CreditsLow,
  type DeliveryFate,
  type PauseReason,
} from './campaigns/campaign.types.js';
export { Campaigns } from './campaigns/campaigns.js';
export {
  OURSMS_MESSAGE_CONFIRMED,
  OURSMS_MESSAGE_MISSING,
  type MessageNotice,
  type MessagesConfirmed,
  type MessagesMissing,
  type MessageState,
  type SeenReport,
  type SettledOptions,
  type TrackedMessage,
  type TrackedRecipient,
  type TrackingStats,
} from './tracking/message.types.js';
export { Messages } from './tracking/messages.js';
export type { QuietHoursAction } from './sending/keep-quiet-hours.js';
export type { UnknownOutcomeAction } from './sending/retry-policy.js';
export { getCampaignsToken, getDlrInboxToken, getMessagesToken, getOurSmsToken } from './module/oursms.tokens.js';
