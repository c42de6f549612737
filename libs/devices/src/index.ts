export { SecretVault } from './secret-vault.js';
export { Device, DEVICE_ENTITIES } from './device.entity.js';
export { type AddedDevice, DevicesService, type LockedDevices, type NewDevice } from './devices.service.js';
export { DeviceAlreadyRegisteredError, DeviceNotFoundError, SecretKeyError } from './devices.errors.js';
export { DevicesModule } from './devices.module.js';
export { AddDeviceBody } from './dto/add-device.body.js';
export { DeviceView, deviceView } from './dto/device.view.js';
