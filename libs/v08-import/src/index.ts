export type { V08ApiKey } from './v08-api-keys';
export type { V08Finding } from './v08-findings';
export { V08ImportModule } from './v08-import.module';
export type { V08Report } from './v08-import.service';
export { V08Import } from './v08-import.service';
export type { V08Line, V08Source, V08Table } from './v08-source';
export { v08TableProblem } from './v08-source';
