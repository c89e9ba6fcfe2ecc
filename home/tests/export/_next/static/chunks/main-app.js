(self.webpackChunk_N_E=self.webpackChunk_N_E||[]).push([[744],{1234:(e,t,n)=>{n(5678)}},e=>{e(e.s=1234)}]);
