// What faults are planted in: each area with the suites that must notice them, and its faults.
import activationTokens from './faults/activation-tokens.mjs';
import activity from './faults/activity.mjs';
import apiKeys from './faults/api-keys.mjs';
import batches from './faults/batches.mjs';
import auditQuestions from './faults/audit-questions.mjs';
import checkpointKeys from './faults/checkpoint-keys.mjs';
import checkpoints from './faults/checkpoints.mjs';
import { applied, rules } from './faults/field-rules.mjs';
import database from './faults/database.mjs';
import configuration from './faults/configuration.mjs';
import console from './faults/console.mjs';
import expiryNotices from './faults/expiry-notices.mjs';
import importsEnd from './faults/imports-end.mjs';
import draining from './faults/draining.mjs';
import doctor from './faults/doctor.mjs';
import edge from './faults/edge.mjs';
import endedCallers from './faults/ended-callers.mjs';
import events from './faults/events.mjs';
import webhookEndpoints from './faults/webhook-endpoints.mjs';
import falseAssurance from './faults/false-assurance.mjs';
import falseServers from './faults/false-servers.mjs';
import finalStates from './faults/final-states.mjs';
import grants from './faults/grants.mjs';
import guard from './faults/guard.mjs';
import idempotency from './faults/idempotency.mjs';
import installationHealth from './faults/installation-health.mjs';
import input from './faults/input.mjs';
import issuers from './faults/issuers.mjs';
import judge from './faults/judge.mjs';
import licenseRows from './faults/license-rows.mjs';
import jobs from './faults/jobs.mjs';
import listSearch from './faults/list-search.mjs';
import listedKeys from './faults/listed-keys.mjs';
import keyRing from './faults/key-ring.mjs';
import realCallers from './faults/real-callers.mjs';
import offline from './faults/offline.mjs';
import offlineFiles from './faults/offline-files.mjs';
import offlineInspection from './faults/offline-inspection.mjs';
import outdated from './faults/outdated.mjs';
import plainLines from './faults/plain-lines.mjs';
import publishedKeys from './faults/published-keys.mjs';
import purge from './faults/purge.mjs';
import rateLimits from './faults/rate-limits.mjs';
import readReplicas from './faults/read-replicas.mjs';
import restore from './faults/restore.mjs';
import sealing from './faults/sealing.mjs';
import seatRoutes from './faults/seat-routes.mjs';
import seats from './faults/seats.mjs';
import seatImports from './faults/seat-imports.mjs';
import seatTerms from './faults/seat-terms.mjs';
import secretFiles from './faults/secret-files.mjs';
import sessions from './faults/sessions.mjs';
import signers from './faults/signers.mjs';
import seatsKept from './faults/seats-kept.mjs';
import seatsStatusLists from './faults/seats-status-lists.mjs';
import statusLists from './faults/status-lists.mjs';
import tracing from './faults/tracing.mjs';
import trailBounds from './faults/trail-bounds.mjs';
import vectors from './faults/vectors.mjs';
import webhookSignatures from './faults/webhook-signatures.mjs';
import webhookDeliveries from './faults/webhook-deliveries.mjs';
import webhookKeys from './faults/webhook-keys.mjs';
import webhookSending from './faults/webhook-sending.mjs';

/** @type {{ area: string, suites: string[], faults: import('./faults/fault.mjs').Fault[] }[]} */
export const AREAS = [
  judge,
  falseAssurance,
  falseServers,
  offline,
  activationTokens,
  offlineFiles,
  offlineInspection,
  vectors,
  grants,
  guard,
  installationHealth,
  input,
  draining,
  events,
  webhookEndpoints,
  edge,
  activity,
  apiKeys,
  endedCallers,
  batches,
  auditQuestions,
  rateLimits,
  keyRing,
  idempotency,
  jobs,
  seats,
  seatRoutes,
  seatTerms,
  seatImports,
  importsEnd,
  expiryNotices,
  listSearch,
  listedKeys,
  readReplicas,
  checkpoints,
  sealing,
  checkpointKeys,
  statusLists,
  seatsKept,
  seatsStatusLists,
  sessions,
  signers,
  database,
  realCallers,
  plainLines,
  rules,
  applied,
  configuration,
  console,
  tracing,
  secretFiles,
  issuers,
  licenseRows,
  trailBounds,
  finalStates,
  purge,
  doctor,
  publishedKeys,
  restore,
  outdated,
  webhookDeliveries,
  webhookKeys,
  webhookSending,
  webhookSignatures,
];
