export { Account, ACCOUNT_ENTITIES, ApiKey } from './accounts.entities.js';
export { AccountsModule } from './accounts.module.js';
export { type AccountChange, AccountsService, type NewAccount } from './accounts.service.js';
export { ApiKeysService, type CreatedApiKey, type NewApiKey } from './api-keys.service.js';
export { AccountView, accountView } from './dto/account.view.js';
export { ApiKeyView, apiKeyView, CreatedKeyView, createdKeyView } from './dto/api-key.view.js';
export { type FirstAccess, FirstAdministrator } from './first-administrator.js';
export { LoginService } from './login.service.js';
export { PasswordHasher } from './password-hasher.js';
export { readPasswordFile } from './password-file.js';
export { type OpenedSession } from './sessions.service.js';
export {
  AccountNameTakenError,
  AccountNotFoundError,
  BadAccountNameError,
  BadKeyError,
  HasherBusyError,
  KeyNotFoundError,
  LastAdministratorError,
  LoginFailedError,
  NoSessionError,
  PasswordFileError,
  SetupTokenError,
  WeakPasswordError,
  WrongPasswordError,
} from './accounts.errors.js';
