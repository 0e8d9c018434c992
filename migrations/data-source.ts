import { KEEP_ALIVE, postgresOptions, SESSION_OPTIONS, SURVIVE_LOSS } from '@aegis/database';
import { DataSource } from 'typeorm';
import { CreateCustomers1763856000000 } from './1763856000000-create-customers';
import { CreateSigningKeys1763856060000 } from './1763856060000-create-signing-keys';
import { CreateLicenses1763856120000 } from './1763856120000-create-licenses';
import { CreateAuditLogs1763856180000 } from './1763856180000-create-audit-logs';
import { CreateApiKeys1763856240000 } from './1763856240000-create-api-keys';
import { CreateValidationCounts1763856300000 } from './1763856300000-create-validation-counts';
import { ForgetAddresses1763856480000 } from './1763856480000-forget-addresses';
import { CreateIdempotencyKeys1763856540000 } from './1763856540000-create-idempotency-keys';
import { CreateStatistics1763856600000 } from './1763856600000-create-statistics';
import { CountChanges1763856660000 } from './1763856660000-count-changes';
import { CreateAuditCheckpoints1763857200000 } from './1763857200000-create-audit-checkpoints';
import { BoundCheckpointsInTime1764010000000 } from './1764010000000-bound-checkpoints-in-time';
import { CreateAuditShipments1764010060000 } from './1764010060000-create-audit-shipments';
import { FollowSigningKeys1764020000000 } from './1764020000000-follow-signing-keys';
import { NoteStatusChanges1764030000000 } from './1764030000000-note-status-changes';
import { IndexSupersededTokens1764030060000 } from './1764030060000-index-superseded-tokens';
import { TakeOverRecords1764040000000 } from './1764040000000-take-over-records';
import { RememberWhatWasShipped1764080000000 } from './1764080000000-remember-what-was-shipped';
import { CloseThePublicSchema1764100000000 } from './1764100000000-close-the-public-schema';
import { FixSearchPaths1764100060000 } from './1764100060000-fix-search-paths';
import { CheckPeppers1764100120000 } from './1764100120000-check-peppers';
import { RecordIssuers1764100180000 } from './1764100180000-record-issuers';
import { SealThroughTheOwner1764110000000 } from './1764110000000-seal-through-the-owner';
import { CheckSeals1764110060000 } from './1764110060000-check-seals';
import { JudgeCallersAgain1764120000000 } from './1764120000000-judge-callers-again';
import { NameAnonymousActors1764170000000 } from './1764170000000-name-anonymous-actors';
import { IndexAuditQuestions1764170060000 } from './1764170060000-index-audit-questions';
import { RefuseFalseCheckpoints1764180000000 } from './1764180000000-refuse-false-checkpoints';
import { BoundWhatIsWritten1764180060000 } from './1764180060000-bound-what-is-written';
import { IgnoreNullArguments1764180120000 } from './1764180120000-ignore-null-arguments';
import { FixKeysOnRecord1764180180000 } from './1764180180000-fix-keys-on-record';
import { BoundWhatIsRead1764200000000 } from './1764200000000-bound-what-is-read';
import { BoundWhatIsKept1764200060000 } from './1764200060000-bound-what-is-kept';
import { BoundHowManyKeys1764200120000 } from './1764200120000-bound-how-many-keys';
import { BoundMoments1764220000000 } from './1764220000000-bound-moments';
import { BoundDepth1764230000000 } from './1764230000000-bound-depth';
import { RepairWhatWasWritten1764230030000 } from './1764230030000-repair-what-was-written';
import { BoundCounts1764230060000 } from './1764230060000-bound-counts';
import { CountKeysAlone1764230120000 } from './1764230120000-count-keys-alone';
import { CompareCheckpointsWithTheirReading1764230300000 } from './1764230300000-compare-checkpoints-with-their-reading';
import { KeepWhatIsFinal1764230500000 } from './1764230500000-keep-what-is-final';
import { KeepWhatIsComplete1764230600000 } from './1764230600000-keep-what-is-complete';
import { RefuseUnsoundKeys1764230700000 } from './1764230700000-refuse-unsound-keys';
import { NoteRestores1764230800000 } from './1764230800000-note-restores';
import { NoteAcceptedLoss1764231200000 } from './1764231200000-note-accepted-loss';
import { NoteEndOfLoss1764231300000 } from './1764231300000-note-end-of-loss';
import { FoldCustomers1764240000000 } from './1764240000000-fold-customers';
import { IndexLicensesOnce1764240060000 } from './1764240060000-index-licenses-once';
import { CountOutsideOfPatterns1764250000000 } from './1764250000000-count-outside-of-patterns';
import { AddEntitlements1764260000000 } from './1764260000000-add-entitlements';
import { CheckEntitlements1764260060000 } from './1764260060000-check-entitlements';
import { AddGrace1764260120000 } from './1764260120000-add-grace';
import { CheckGrace1764260180000 } from './1764260180000-check-grace';
import { CountGrace1764260240000 } from './1764260240000-count-grace';
import { AddSeats1764270000000 } from './1764270000000-add-seats';
import { ListActivations1764270300000 } from './1764270300000-list-activations';
import { ForgetEndedActivations1764270360000 } from './1764270360000-forget-ended-activations';
import { CountSeatDays1764270420000 } from './1764270420000-count-seat-days';
import { KeepEndedActivations1764270480000 } from './1764270480000-keep-ended-activations';
import { AddEvents1764280000000 } from './1764280000000-add-events';
import { GiveExpiryNotices1764290000000 } from './1764290000000-give-expiry-notices';
import { CountImports1764290060000 } from './1764290060000-count-imports';
import { AddWebhooks1764300000000 } from './1764300000000-add-webhooks';
import { CheckSecretsKeys1764300060000 } from './1764300060000-check-secrets-keys';
import { KeepEventsWhileClocksStep1764310000000 } from './1764310000000-keep-events-while-clocks-step';
import { AddSessions1764320000000 } from './1764320000000-add-sessions';
import { CountActivity1764330000000 } from './1764330000000-count-activity';

/**
 * A data source that knows every migration, oldest first, and no entity.
 * @param ownerUrl connects as the owner of the schema
 */
export function migrationDataSource(ownerUrl: string): DataSource {
  return new DataSource({
    ...postgresOptions(ownerUrl),
    migrationsTableName: 'schema_migrations',
    migrations: [
      CreateCustomers1763856000000,
      CreateSigningKeys1763856060000,
      CreateLicenses1763856120000,
      CreateAuditLogs1763856180000,
      CreateApiKeys1763856240000,
      CreateValidationCounts1763856300000,
      ForgetAddresses1763856480000,
      CreateIdempotencyKeys1763856540000,
      CreateStatistics1763856600000,
      CountChanges1763856660000,
      CreateAuditCheckpoints1763857200000,
      BoundCheckpointsInTime1764010000000,
      CreateAuditShipments1764010060000,
      FollowSigningKeys1764020000000,
      NoteStatusChanges1764030000000,
      IndexSupersededTokens1764030060000,
      TakeOverRecords1764040000000,
      RememberWhatWasShipped1764080000000,
      CloseThePublicSchema1764100000000,
      FixSearchPaths1764100060000,
      CheckPeppers1764100120000,
      RecordIssuers1764100180000,
      SealThroughTheOwner1764110000000,
      CheckSeals1764110060000,
      JudgeCallersAgain1764120000000,
      NameAnonymousActors1764170000000,
      IndexAuditQuestions1764170060000,
      RefuseFalseCheckpoints1764180000000,
      BoundWhatIsWritten1764180060000,
      IgnoreNullArguments1764180120000,
      FixKeysOnRecord1764180180000,
      BoundWhatIsRead1764200000000,
      BoundWhatIsKept1764200060000,
      BoundHowManyKeys1764200120000,
      BoundMoments1764220000000,
      BoundDepth1764230000000,
      RepairWhatWasWritten1764230030000,
      BoundCounts1764230060000,
      CountKeysAlone1764230120000,
      CompareCheckpointsWithTheirReading1764230300000,
      KeepWhatIsFinal1764230500000,
      KeepWhatIsComplete1764230600000,
      RefuseUnsoundKeys1764230700000,
      NoteRestores1764230800000,
      NoteAcceptedLoss1764231200000,
      NoteEndOfLoss1764231300000,
      FoldCustomers1764240000000,
      IndexLicensesOnce1764240060000,
      CountOutsideOfPatterns1764250000000,
      AddEntitlements1764260000000,
      CheckEntitlements1764260060000,
      AddGrace1764260120000,
      CheckGrace1764260180000,
      CountGrace1764260240000,
      AddSeats1764270000000,
      ListActivations1764270300000,
      ForgetEndedActivations1764270360000,
      CountSeatDays1764270420000,
      KeepEndedActivations1764270480000,
      AddEvents1764280000000,
      GiveExpiryNotices1764290000000,
      CountImports1764290060000,
      AddWebhooks1764300000000,
      CheckSecretsKeys1764300060000,
      KeepEventsWhileClocksStep1764310000000,
      AddSessions1764320000000,
      CountActivity1764330000000,
    ],
    extra: {
      application_name: 'aegis migrate',
      connectionTimeoutMillis: 10_000,
      lock_timeout: 5000,
      ...KEEP_ALIVE,
      ...SURVIVE_LOSS,
      options: SESSION_OPTIONS,
    },
  });
}
