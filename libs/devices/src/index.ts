export { SecretVault } from './secret-vault.js';
export { Device, DEVICE_ENTITIES } from './device.entity.js';
export { type AddedDevice, DevicesService, type NewDevice } from './devices.service.js';
export { DeviceAlreadyRegisteredError, DeviceNotFoundError, SecretKeyError } from './devices.errors.js';
export { DevicesModule } from './devices.module.js';
export { SwappedTerminals } from './swapped-terminals.js';
export { type LockedDevices } from './terminal-access.js';
export { AddDeviceBody } from './dto/add-device.body.js';
export { DeviceView, deviceView } from './dto/device.view.js';
