import type { Advice } from '../advice';

const advice: Advice = {
  VALID: 'Every check passed.',
  MALFORMED:
    'The text is not a token, or was damaged on its way. Ask for the whole file, without line breaks.',
  UNKNOWN_KEY:
    'It was signed with a key that this server never had: another server issued it, for tests perhaps.',
  SIGNATURE_INVALID:
    'The text was changed after it was signed. Send the token again, and ask the customer not to edit it.',
  KEY_COMPROMISED: 'Its signing key was declared compromised. Reissue the license, and send the new token.',
  ISSUER_MISMATCH: 'It was signed for another issuer: another product line, or an older server.',
  MODULE_MISMATCH: 'It is for another module than the one that asked. Send the token of the right license.',
  VERSION_NOT_ALLOWED:
    'The license does not cover this version. Reissue it with more versions, if the customer has paid for them.',
  INSTANCE_REQUIRED:
    'The license is bound to one installation, and the module did not say which one it is. Fill in database and domain, or update the module.',
  INSTANCE_MISMATCH:
    'The license is bound to another installation. If the customer moved, reissue it for the new one.',
  NOT_FOUND:
    'The signature is right, but this token is not on record. Report it to the operator of the server.',
  REVOKED: 'The license was revoked, and that is final. Issue a new license if the customer may have one.',
  SUSPENDED: 'The license is suspended. Reinstate it once the cause is settled.',
  SUPERSEDED: 'A newer token of the same license replaced this one. Send the newest token.',
  CUSTOMER_INACTIVE: 'The customer is inactive. Activate it, if it may use its licenses again.',
  EXPIRED: 'The license has ended. Renew it, and send the new token.',
  ACTIVATION_REQUIRED:
    'The license counts its installations, and the question named no seat. Activate it on the machine.',
  ACTIVATION_ENDED: 'The seat was released, ended or taken over. Activate it again on the machine.',
};

export const support = {
  title: 'Support',
  intro: 'Paste the token that the customer has. It is sent to the server, and kept nowhere.',
  token: 'Token',
  tokenHint: 'Line breaks, quotes and mail marks around it do no harm.',
  module: 'Module',
  moduleHint: 'With module and version, the server also says what an installation would get.',
  version: 'Version',
  database: 'Database of the installation',
  databaseHint: 'Its UUID; only for licenses that are bound to an installation.',
  domain: 'Domain of the installation',
  check: 'Check the token',
  saysTitle: 'What the token says',
  verdictTitle: 'What an installation gets',
  refusedTitle: 'The token is not on record',
  usable: 'Valid',
  refused: 'Refused',
  failedCheck: 'Check that failed',
  todo: 'What to do',
  newest: 'Newest token of the license',
  revision: 'Number of the token',
  keyState: 'State of its signing key',
  keyStates: { pending: 'Pending', active: 'Active', retired: 'Retired', compromised: 'Compromised' },
  superseded: 'Superseded since',
  cleaned: 'What copying had added was removed.',
  askMore: 'Fill in module and version to see what an installation would get.',
  warnings: {
    EXPIRES_SOON: 'It ends in 30 days or less.',
    IN_GRACE: 'It has ended, and is valid only for its days of grace.',
    REISSUE_AVAILABLE: 'A newer token of the license exists.',
    SEAT_OVERAGE: 'The installation was admitted beyond the number of seats.',
  },
  advice,
};
