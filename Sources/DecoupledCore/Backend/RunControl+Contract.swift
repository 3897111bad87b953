import CDecoupled

extension dcn_run_context {
  /// What a run under a control has, without workspaces. Borrows the control.
  package init(_ control: RunControl) {
    self.init()
    struct_size = UInt32(MemoryLayout<dcn_run_context>.size)
    lanes = Int32(control.pool.lanes)
    session = Unmanaged.passUnretained(control).toOpaque()
    host = HostServices.table
  }
}
