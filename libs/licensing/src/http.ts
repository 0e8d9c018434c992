export { LicensingHttpModule } from './licensing-http.module';
