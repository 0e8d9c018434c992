export { EventsHttpModule } from './events-http.module';
