export { countExpiredSessions, removeExpiredSessions } from './expired/remove-expired-sessions';
export { Session } from './session.entity';
