export { aptProxyOptions, debianMirror } from './debian-mirror';
export { cached, recipeKey } from './image-cache';
export { Lab, type LabUpOptions } from './lab';
export type { LabBackend, LabHost, LabHostState, LabState } from './lab-state';
export { checkLabSupport, LAB_PACKAGES, type LabSupport } from './support';
export { templateCatalogue, type TemplateImage } from './templates/catalogue';
