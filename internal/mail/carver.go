package mail

import (
	"strings"
	"text/template/parse"
)

// carver makes stencils of nodes. It knows what plain templates are made of:
// text, words, if and with. Of anything else there is no stencil, and ok is false.
type carver struct {
	escape func(chain string) (e escaper, known bool) // what a word is passed through, by its name
	inWith bool                                       // the dot is a word, not all of them
}

// template is the stencil of a template together with those that it calls.
func (c carver) template(lookup flattener, name string) (_ stencil, ok bool) {
	flat, ok := lookup.list(lookup(name).Root, true, 0)
	if !ok {
		return nil, false
	}
	return c.list(flat)
}

func (c carver) list(l *parse.ListNode) (_ stencil, ok bool) {
	var parts []stencil
	for i := 0; l != nil && i < len(l.Nodes); i++ {
		part, ok := c.node(l.Nodes[i])
		if !ok {
			return nil, false
		}
		parts = append(parts, part)
	}
	return func(out *strings.Builder, w *words, dot string) {
		for _, part := range parts {
			part(out, w, dot)
		}
	}, true
}

func (c carver) node(n parse.Node) (_ stencil, ok bool) {
	switch n := n.(type) {
	case *parse.TextNode:
		return func(out *strings.Builder, _ *words, _ string) { out.Write(n.Text) }, true
	case *parse.ActionNode:
		return c.hole(n.Pipe)
	case *parse.IfNode:
		return c.choice(n.BranchNode)
	case *parse.WithNode:
		return c.with(n.BranchNode)
	}
	return nil, false
}

// hole is where one word stands.
func (c carver) hole(p *parse.PipeNode) (_ stencil, ok bool) {
	value, plain := c.value(p.Cmds[0].Args)
	escape, known := c.escape(chain(p))
	return func(out *strings.Builder, w *words, dot string) {
		out.WriteString(escape(value(w, dot)))
	}, plain && known && len(p.Decl) == 0
}

// choice is an if.
func (c carver) choice(n parse.BranchNode) (_ stencil, ok bool) {
	is, plain := c.condition(n.Pipe)
	yes, okYes := c.list(n.List)
	no, okNo := c.list(n.ElseList)
	return func(out *strings.Builder, w *words, dot string) {
		if is(w, dot) {
			yes(out, w, dot)
		} else {
			no(out, w, dot)
		}
	}, plain && okYes && okNo
}

func (c carver) with(n parse.BranchNode) (_ stencil, ok bool) {
	value, plain := c.value(n.Pipe.Cmds[0].Args)
	yes, okYes := carver{c.escape, true}.list(n.List)
	no, okNo := c.list(n.ElseList)
	return func(out *strings.Builder, w *words, dot string) {
		if text := value(w, dot); text != "" {
			yes(out, w, text)
		} else {
			no(out, w, dot)
		}
	}, plain && okYes && okNo && isBare(n.Pipe)
}

// condition is that there is a word, or that there is none.
func (c carver) condition(p *parse.PipeNode) (_ func(w *words, dot string) bool, ok bool) {
	args := p.Cmds[0].Args
	is, plain := c.presence(args[len(args)-1])
	if len(args) == 1 {
		return is, plain && isBare(p)
	}
	return func(w *words, dot string) bool { return !is(w, dot) },
		plain && isBare(p) && len(args) == 2 && args[0].String() == "not"
}

func (c carver) presence(n parse.Node) (_ func(w *words, dot string) bool, ok bool) {
	if ask, known := asked[c.name(n)]; known {
		return ask, true
	}
	value, plain := c.word(n)
	return func(w *words, dot string) bool { return value(w, dot) != "" }, plain
}

// value is a word, as it is or short.
func (c carver) value(args []parse.Node) (_ word, ok bool) {
	value, plain := c.word(args[len(args)-1])
	if len(args) == 1 {
		return value, plain
	}
	return func(w *words, dot string) string { return short(value(w, dot)) },
		plain && len(args) == 2 && args[0].String() == "short"
}

func (c carver) word(n parse.Node) (_ word, ok bool) {
	if _, isDot := n.(*parse.DotNode); isDot {
		return func(_ *words, dot string) string { return dot }, c.inWith
	}
	value, known := said[c.name(n)]
	return value, known
}

// name is what n names among the words; empty where it is something else.
func (c carver) name(n parse.Node) string {
	switch n := n.(type) {
	case *parse.FieldNode:
		if !c.inWith {
			return strings.Join(n.Ident, ".")
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return strings.Join(n.Ident[1:], ".")
		}
	}
	return ""
}

// isBare reports whether a pipeline is a single command that nothing is set to.
func isBare(p *parse.PipeNode) bool { return len(p.Cmds) == 1 && len(p.Decl) == 0 }

// chain names what the value of a pipeline is passed through.
func chain(p *parse.PipeNode) string {
	var names []string
	for _, cmd := range p.Cmds[1:] {
		names = append(names, cmd.String())
	}
	return strings.Join(names, " ")
}
