import {
  addAddressBodySchema,
  addDeviceBodySchema,
  changeProtectionBodySchema,
  createServerBodySchema,
  execBodySchema,
  execResultSchema,
  featureBodySchema,
  getServerQuerySchema,
  limitsViewSchema,
  listServersQuerySchema,
  migrateServerBodySchema,
  operationSchema,
  patchServerBodySchema,
  reinstallBodySchema,
  removeAddressBodySchema,
  removeDeviceBodySchema,
  resetPasswordBodySchema,
  resizeBodySchema,
  serverAddressSchema,
  serverSchema,
  setHostnameBodySchema,
  setRdnsBodySchema,
  stopServerBodySchema,
} from '@berth/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { listOf, oneOf } from '../openapi/answers';

export class CreateServerDto extends createZodDto(createServerBodySchema) {}
export class PatchServerDto extends createZodDto(patchServerBodySchema) {}
export class ListServersQueryDto extends createZodDto(listServersQuerySchema) {}
export class GetServerQueryDto extends createZodDto(getServerQuerySchema) {}
export class StopServerDto extends createZodDto(stopServerBodySchema) {}
export class ResetPasswordDto extends createZodDto(resetPasswordBodySchema) {}
export class SetHostnameDto extends createZodDto(setHostnameBodySchema) {}
export class ChangeProtectionDto extends createZodDto(changeProtectionBodySchema) {}
export class ExecDto extends createZodDto(execBodySchema) {}
export class ResizeDto extends createZodDto(resizeBodySchema) {}
export class ReinstallDto extends createZodDto(reinstallBodySchema) {}
export class FeatureDto extends createZodDto(featureBodySchema) {}
export class AddDeviceDto extends createZodDto(addDeviceBodySchema) {}
export class RemoveDeviceDto extends createZodDto(removeDeviceBodySchema) {}
export class AddAddressDto extends createZodDto(addAddressBodySchema) {}
export class RemoveAddressDto extends createZodDto(removeAddressBodySchema) {}
export class SetRdnsDto extends createZodDto(setRdnsBodySchema) {}
export class MigrateServerDto extends createZodDto(migrateServerBodySchema) {}

export class ServerAnswerDto extends oneOf('server', serverSchema) {}
export class ServerListDto extends listOf('servers', serverSchema) {}
export class ExecAnswerDto extends createZodDto(execResultSchema) {}
const rootPassword = z.string().optional();
export class NewServerAnswerDto extends createZodDto(
  z.object({ server: serverSchema, operation: operationSchema, root_password: rootPassword }),
) {}
export class NewPasswordAnswerDto extends createZodDto(
  z.object({ operation: operationSchema, root_password: rootPassword }),
) {}
export class ResizeAnswerDto extends createZodDto(
  z.object({ operation: operationSchema, limits: limitsViewSchema }),
) {}
export class NewAddressAnswerDto extends createZodDto(
  z.object({ operation: operationSchema, address: serverAddressSchema }),
) {}
