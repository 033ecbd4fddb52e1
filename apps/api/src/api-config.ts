import { Inject } from '@nestjs/common';

/** Injects the ApiConfig. */
export const API_CONFIG = Symbol('ApiConfig');
export const InjectConfig = (): ParameterDecorator & PropertyDecorator => Inject(API_CONFIG);
