export { StatusListsHttpModule } from './status-lists-http.module';
