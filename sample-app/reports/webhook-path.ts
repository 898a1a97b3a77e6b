/** The path of the webhook, which the secret follows. */
export const WEBHOOK_PATH = 'sms/reports';
