export { SessionsHttpModule } from './sessions-http.module';
