/**
 * Messages that change money, pace, endpoints or ledger pins. They carry the owner's signature, since anybody who can
 * reach the Temporal server can send a message. `issuedAt` (milliseconds since the epoch) is signed too: a run takes a
 * command only if it is newer than the last one, so that a recorded message cannot be sent a second time.
 */
import { z } from 'zod';
import { FlowRequest, FlowTerms } from '../flow/flow.ts';
import { BudgetRequest, LedgerPin, ResumeRequest } from '../progress.ts';
import { Signature } from './signature.ts';

function signed<Content extends z.ZodType>(content: Content) {
  return z.strictObject({ content, issuedAt: z.int().nonnegative(), signature: Signature });
}

export const SignedBudget = signed(BudgetRequest);
export type SignedBudget = z.infer<typeof SignedBudget>;

export const SignedFlow = signed(FlowRequest);
export type SignedFlow = z.infer<typeof SignedFlow>;

export const SignedResume = signed(ResumeRequest);
export type SignedResume = z.infer<typeof SignedResume>;

/** A plain resume brings nothing along and needs no signature, so that it can be sent from the Temporal UI. */
export const ResumeCommand = z.union([SignedResume, z.strictObject({ content: z.undefined().optional() })]);
export type ResumeCommand = z.infer<typeof ResumeCommand>;

/**
 * How fast the teacher may be asked, as a worker computed it from commands that it verified. `issuedAt` is that of the
 * last command, so that terms of an earlier one are not taken again.
 */
export const SignedTerms = z.strictObject({
  terms: FlowTerms,
  issuedAt: z.int().nonnegative(),
  signature: Signature,
});
export type SignedTerms = z.infer<typeof SignedTerms>;

/** Where a student that was trained elsewhere is served. The run's API key is sent there. */
export const StudentAddress = z.strictObject({ url: z.url(), signature: Signature });
export type StudentAddress = z.infer<typeof StudentAddress>;

/** A resume after verification: what the workflow and its activities may use. */
export const Brought = z.strictObject({
  studentModel: z.string().optional(),
  student: StudentAddress.optional(),
  ledger: LedgerPin.optional(),
});
export type Brought = z.infer<typeof Brought>;
