import { commandFor, type ImportCommand } from '../import/profile.ts';

/** The registration of a work such as a real register writes it. */
export const registrationOf = (register: string, reference: string): ImportCommand =>
  commandFor('projects', 'RegisterProject', {
    register,
    reference,
    name: `Bridge ${reference}`,
    description: 'Reconstruction of water mains, sewers, roadway and street lighting between the two bridges.',
    projectType: 'Bridges',
    managingDepartment: 'DOT',
    clientDepartment: 'DOT',
    districts: 'Queens',
    registeredOn: '2018-01-01',
  });
