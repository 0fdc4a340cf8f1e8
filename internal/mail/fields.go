package mail

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// fields looks for variables that templates name and that do not exist, also
// where no sample leads.
type fields struct {
	lookup   func(name string) *parse.Tree
	tree     *parse.Tree
	seen     map[string]bool
	mistakes []error
}

var root = reflect.TypeFor[words]()

// unknown returns a mistake for each unknown variable of a sheet.
func (s *sheet) unknown() []error {
	text := &fields{seen: map[string]bool{}, lookup: s.textTree}
	html := &fields{seen: map[string]bool{}, lookup: s.htmlTree}
	text.template(s.text.Name())
	text.template("subject")
	html.template(s.html.Name())
	return slices.Concat(text.mistakes, html.mistakes)
}

// template walks a template that is given all the words.
func (f *fields) template(name string) {
	tree := f.lookup(name)
	if tree == nil || tree.Root == nil || f.seen[name] {
		return
	}
	f.seen[name] = true
	around := f.tree
	f.tree = tree
	f.list(tree.Root, root)
	f.tree = around
}

// list walks nodes; dot is what . is there, nil where that is not known.
func (f *fields) list(l *parse.ListNode, dot reflect.Type) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			f.pipe(n.Pipe, dot)
		case *parse.IfNode:
			f.branch(n.BranchNode, dot, dot)
		case *parse.WithNode:
			f.branch(n.BranchNode, f.pipe(n.Pipe, dot), dot)
		case *parse.RangeNode:
			f.branch(n.BranchNode, nil, dot)
		case *parse.TemplateNode:
			if f.pipe(n.Pipe, dot) == root {
				f.template(n.Name)
			}
		}
	}
}

func (f *fields) branch(n parse.BranchNode, inside, dot reflect.Type) {
	if n.NodeType != parse.NodeWith { // whose condition was looked at before
		f.pipe(n.Pipe, dot)
	}
	f.list(n.List, inside)
	f.list(n.ElseList, dot)
}

// pipe walks a pipeline and returns the type of its value where that is plain.
func (f *fields) pipe(p *parse.PipeNode, dot reflect.Type) (value reflect.Type) {
	if p == nil {
		return nil
	}
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			value = f.arg(arg, dot)
		}
	}
	if len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 || len(p.Decl) > 0 {
		return nil
	}
	return value
}

func (f *fields) arg(n parse.Node, dot reflect.Type) reflect.Type {
	switch n := n.(type) {
	case *parse.DotNode:
		return dot
	case *parse.FieldNode:
		return f.field(n, dot, n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return f.field(n, root, n.Ident[1:])
		}
	case *parse.PipeNode:
		return f.pipe(n, dot)
	}
	return nil
}

// field follows a chain of names.
func (f *fields) field(n parse.Node, t reflect.Type, path []string) reflect.Type {
	for _, name := range path {
		if t == nil {
			return nil
		}
		if _, method := t.MethodByName(name); method {
			return nil
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		var known reflect.StructField
		found := false
		if t.Kind() == reflect.Struct {
			known, found = t.FieldByName(name)
		}
		if !found {
			where, _ := f.tree.ErrorContext(n)
			f.mistakes = append(f.mistakes, fmt.Errorf("%s: {{%s}} is unknown; known are %s", where, n, strings.Join(variables(), ", ")))
			return nil
		}
		t = known.Type
	}
	return t
}

// variables are what templates may name.
func variables() []string {
	return []string{".Skill", ".Vendor", ".To.Given", ".Link", ".Unsubscribe", ".Until", ".Accepted", ".Feedback.Given", ".Feedback.Address", ".Subject (HTML)",
		".Author.Given, .Rating, .Said and .Declined (forward)", ".Code (signin)"}
}
