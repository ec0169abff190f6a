export { Controller, type ControllerContext } from './controller.ts'
