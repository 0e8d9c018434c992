export type { ReconcileOptions, Reconciled } from './reconciliation';
export { Reconciliation } from './reconciliation';
export { NotReconcilable } from './restore.errors';
