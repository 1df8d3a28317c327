/** Money for requests to a student endpoint that bills: reserved before each request, settled after it. */
export interface SpendAccount {
  /** Identifies the account. */
  readonly id: string;
  /** Reserves the most a request may cost. Throws `BaldistillError` `BudgetExhausted`. */
  reserve(bound: { readonly inputTokens: number; readonly outputTokens: number }): Promise<Payment>;
}

export interface Payment {
  /** The request was answered. Null if the answer has no usage: the worst case stays charged. */
  settle(usage: { readonly inputTokens: number; readonly outputTokens: number } | null): Promise<void>;
  /** Certainly not billed. */
  refund(reason: string): Promise<void>;
  /** Unknown whether billed: the worst case stays charged. */
  forfeit(reason: string): Promise<void>;
}
